# Each tenant works with its own data.
#
# Files lie in `tenants/NAME/`, tables are called `NAME.TABLE`: those of another tenant are denied,
# and so are lists and searches that go over the folders of all of them. Other files, and those of the
# run itself, are free. Change `folder` when yours is called otherwise. A program sees whatever its
# sandbox shows, so that those in `programs` are denied; take out what you keep apart otherwise.
#
# Try it: kapell policy explain file.read --arg path=tenants/other/list.csv
package kapell.tool

import rego.v1

folder := "tenants"

programs := {"code.run", "shell.run"}

deny contains {"rule": "files", "reason": "the file belongs to another tenant"} if {
	some path in input.data.paths
	foreign(split(lower(replace(path, "\\", "/")), "/"))
}

deny contains {"rule": "tables", "reason": "the table belongs to another tenant"} if {
	some table in input.data.tables
	not startswith(lower(table), concat("", [lower(input.tenant), "."]))
}

deny contains {"rule": "searches", "reason": "it goes over the files of every tenant"} if {
	input.tool.name in {"file.list", "file.search"}
	not within
}

deny contains {"rule": "programs", "reason": "what a program reads is not seen"} if {
	input.tool.name in programs
}

within if {
	some path in input.data.paths
	not path in {"", ".", "./", "/"}
}

foreign(parts) if ".." in parts

foreign(parts) if {
	some number, part in parts
	part == folder
	not parts[number + 1] == lower(input.tenant)
}
