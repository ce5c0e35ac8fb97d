# What may leave this mailbox. A mail is written by an assistant that read what strangers wrote, so nothing
# of it is trusted: where it goes decides.
package kapell.tool

import rego.v1

recipients := {lower(address) | some address in array.concat(
	object.get(input.args, "to", []),
	object.get(input.args, "cc", []),
)}

inside(address) if endswith(address, "@harbour.example")

# Colleagues may hear of anything, of what strangers wrote too.
allow contains {"rule": "colleagues", "reason": "it stays in the company", "untrusted": true} if {
	input.tool.name == "mail.send"
	every address in recipients {
		inside(address)
	}
}

# Sailors get an answer when somebody has seen it.
ask contains {
	"rule": "sailors",
	"reason": "it leaves the company: see what it says and to whom",
	"risk": "medium",
} if {
	input.tool.name == "mail.send"
	some address in recipients
	endswith(address, "@sailors.example")
}

# Nobody else does, whoever asks.
deny contains {"rule": "others", "reason": "it goes to somebody we have no business with"} if {
	input.tool.name == "mail.send"
	some address in recipients
	not inside(address)
	not endswith(address, "@sailors.example")
}
