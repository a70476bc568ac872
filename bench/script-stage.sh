# A stage as a script does it: a fresh clone, the command with its log in a file, and away with it.
# script-stage.sh REPOSITORY FOLDER
set -eu
git clone --quiet --depth 1 "file://$1" "$2"
(cd "$2" && sh -c true) >"$2.log" 2>&1
rm -rf "$2"
