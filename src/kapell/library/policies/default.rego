# What holds where no rule of the workspace speaks: nothing leaves without a reason.
#
# Asked only when no rule of `policies/*.rego` fired. Write an `allow`, `ask` or `deny` of your own
# to decide otherwise; `kapell policy explain` shows which rule decided.
#
# The first of these that holds is the verdict.
package kapell.default

import rego.v1

verdict := {
	"ruling": "allow",
	"rule": "off",
	"reason": "the guardrails are off",
} if {
	input.profile == "off"
} else := {
	"ruling": "allow",
	"rule": input.kind,
	"reason": "no rule speaks of it",
} if {
	input.kind != "tool"
} else := {
	"ruling": "allow",
	"rule": "inside",
	"reason": "it only reads, or writes into the run's folder or the workspace",
} if {
	not outside
	at_home
} else := {
	"ruling": "allow",
	"rule": "agent",
	"reason": "it is the program of an agent that the workflow names",
} if {
	# By their whole names: what a server calls its tools is its own choice.
	input.tool.name in {"runtime.python", "runtime.tmux"}
} else := {
	# The author of a workflow names the tool and where its arguments come from.
	"ruling": "allow",
	"rule": "step",
	"reason": "the author wrote this very step, and strangers had no part in its arguments",
} if {
	not input.asked
	input.labels.accepted
	input.profile != "strict"
} else := {
	# Looking something up carries the arguments out.
	"ruling": "allow",
	"rule": "lookup",
	"reason": "it only reads outside, and strangers had no part in its arguments",
} if {
	input.tool.effects != "external"
	input.labels.accepted
} else := {
	"ruling": "allow",
	"rule": "listed-lookup",
	"reason": "it only reads outside, from places that the settings name",
} if {
	input.tool.effects != "external"
	count(input.reach.domains) > 0
	count(input.reach.unlisted_domains) == 0
} else := {
	"ruling": "allow",
	"rule": "step-lookup",
	"reason": "it only reads outside, and the author wrote this very step",
} if {
	input.tool.effects != "external"
	not input.asked
	input.profile != "strict"
} else := {
	# A model that read what strangers wrote changes nothing outside, unless a rule says so.
	"ruling": "deny",
	"rule": "strangers",
	"reason": "strangers had a part in it, and no rule allows it to change the world outside",
} if {
	input.tool.effects == "external"
	not input.labels.accepted
	input.asked
} else := {
	"ruling": "deny",
	"rule": "outside",
	"reason": "no rule allows it to change the world outside",
} if {
	input.tool.effects == "external"
	input.profile == "strict"
} else := {
	"ruling": "ask",
	"rule": "untrusted",
	"reason": "strangers had a part in what it is given, and no rule allows it",
	"risk": "high",
} if {
	not input.labels.accepted
} else := {
	"ruling": "ask",
	"rule": "outside",
	"reason": "it changes the world outside, and no rule allows it",
}

outside if input.tool.effects == "external"

outside if input.tool.reaches

# Within the workspace a tool takes the words of strangers, unless it says that it does not.
at_home if input.labels.accepted

at_home if {
	input.tool.accepts == ""
	input.profile != "strict"
}
