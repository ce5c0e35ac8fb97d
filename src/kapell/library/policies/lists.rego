# The allow-lists of the settings (`policies.domains`, `policies.recipients`): what a call shows of
# where it reaches has to be on them. They always hold; a rule of the workspace does not undo them.
package kapell.lists

import rego.v1

deny contains {
	"rule": "domains",
	"reason": concat(" ", ["no allow-list names", concat(", ", input.reach.unlisted_domains)]),
} if {
	count(input.allow.domains) > 0
	count(input.reach.unlisted_domains) > 0
}

deny contains {
	"rule": "recipients",
	"reason": "no allow-list names a recipient of it",
} if {
	count(input.allow.domains) + count(input.allow.recipients) > 0
	count(input.reach.unlisted_recipients) > 0
}
