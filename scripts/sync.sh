#!/usr/bin/env bash
# Installs what uv.lock names into .venv: scripts/sync.sh [--no-dev | --group dev]
#
# Nothing is removed that the lock does not name (uv itself lives in the same environment).
# Where only pip is set up to reach packages (a mirror, a folder of wheels), pip installs the
# same locked versions.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log" "$log.txt"' EXIT
export VIRTUAL_ENV="$PWD/.venv" UV_PROJECT_ENVIRONMENT="$PWD/.venv" UV_PYTHON_DOWNLOADS=never

if .venv/bin/uv sync --frozen --inexact --quiet --python .venv/bin/python "$@" 2>"$log"; then
  exit 0
fi
echo "uv could not install from the lock, trying pip with the same versions" >&2
.venv/bin/uv export --frozen --quiet --no-hashes --no-emit-project --output-file "$log.txt" "$@" >/dev/null
if .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$log.txt" 2>>"$log" &&
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e . 2>>"$log"; then
  exit 0
fi
cat "$log" >&2
echo "The packages in uv.lock could not be installed: check the network, or point UV_DEFAULT_INDEX or PIP_INDEX_URL at a mirror." >&2
exit 1
