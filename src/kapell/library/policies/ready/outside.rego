# Nothing goes outside, but to the places named here.
#
# Letters go to the domains in `mail`, requests to the hosts in `hosts`; every other one is denied,
# whoever asks. A call that does not show where it goes is denied too, unless its tool stands in
# `tools`. Change the three sets; `policies.domains` and `policies.recipients` in kapell.yaml hold
# besides.
#
# Try it: kapell policy explain mail.send --arg to=somebody@elsewhere.test
package kapell.external

import rego.v1

mail := {"example.com"}

hosts := {"api.example.com"}

tools := {"notify", "runtime.python", "runtime.tmux"}

deny contains {"rule": "mail", "reason": "it goes to somebody outside the company"} if {
	some to in input.reach.recipients
	not ours(to)
}

deny contains {"rule": "hosts", "reason": "it goes to a server that is not listed"} if {
	some host in input.reach.domains
	not host in hosts
}

deny contains {"rule": "unseen", "reason": "it does not show where it goes"} if {
	count(input.reach.recipients) == 0
	count(input.reach.domains) == 0
	not input.tool.name in tools
}

ours(to) if {
	parts := split(to, "@")
	count(parts) == 2
	parts[1] in mail
}
