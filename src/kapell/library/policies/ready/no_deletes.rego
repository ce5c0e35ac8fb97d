# An agent deletes nothing.
#
# A call that deletes is denied when a model asks for it. Steps that you wrote yourself still delete,
# and so does the undoing of a step. To have people asked instead, write `ask` in place of `deny`; to
# hold steps to it as well, take the line `input.asked` away; a tool whose name says it otherwise is
# added to `words`. What a program does (`shell.run`, `code.run`) is not seen here: its sandbox holds
# it, or a rule that denies the tool.
#
# Try it: kapell policy explain file.delete --arg path=notes.txt
package kapell.tool

import rego.v1

words := {"delete", "remove", "erase", "purge", "destroy", "unlink"}

deny contains {"rule": "deletes", "reason": "agents delete nothing"} if {
	input.asked
	deletes
}

deletes if {
	input.tool.effects != "read"
	some word in words
	contains(lower(input.tool.name), word)
}

deletes if input.args.method in {"DELETE", "delete", "Delete"}
