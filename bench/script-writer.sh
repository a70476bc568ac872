#!/usr/bin/env bash
# The loop as people write it into their pipelines: clone, edit, commit, pull --rebase, push, and again.
# Arguments: URL, folder for the clone, file to edit, tag to set, id for the message. Prints how often it tried again.
set -u
url=$1 tree=$2 file=$3 tag=$4 id=$5
retries=0
until git clone --quiet "$url" "$tree" 2>/dev/null; do
  retries=$((retries + 1))
  [ "$retries" -gt 200 ] && exit 1
  rm -rf "$tree"
  sleep $((1 + RANDOM % 3))
done
cd "$tree" || exit 1
sed -i "s/newTag: .*/newTag: \"$tag\"/" "$file"
git commit --quiet --all --message "Set image to $tag

Slipway-Change: $id"
until git pull --quiet --rebase 2>/dev/null && git push --quiet 2>/dev/null; do
  git rebase --abort 2>/dev/null
  retries=$((retries + 1))
  [ "$retries" -gt 200 ] && exit 1
  sleep $((1 + RANDOM % 3))
done
echo "$retries"
