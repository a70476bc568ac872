# Runs one stage inside the sandbox, as the stage's uid: unpacks inputs, runs commands, packs outputs.
#
# Channels: 0 frames and acknowledgements from the server; 1 and 2 the log; 3 events to the server; 4 packed outputs.
# A frame is chunks of `<bytes>\n<bytes…>` ended by `0\n`. The first frame is the plan: calls of the functions below.
set -u
workspace=$1
scratch=$2
node=$3
relay=$4
start=.
keep=0
failed=0
unset TAR_OPTIONS POSIXLY_CORRECT

frame() {
  while read -r bytes && [ "$bytes" != 0 ]; do head -c "$bytes"; done
}

event() {
  printf '%s\n' "$*" >&3
}

# Waits until the server has taken what was announced last; without a server there is nothing left to do.
acknowledged() {
  read -r _ || exit 1
}

# unpack INDEX FOLDER
unpack() {
  [ "$2" = . ] || mkdir -p -- "$workspace/$2" || { event unpack_failed "$1"; exit 1; }
  frame | tar -x -f - -C "$workspace/$2" --no-same-owner --no-same-permissions 3>&- 4>&- ||
    { event unpack_failed "$1"; exit 1; }
}

# gateway PORT=SOCKET…: loopback ports of this namespace that lead to the server's sockets.
gateway() {
  mkfifo "$scratch/.gateway" || exit 1
  env -i "$node" "$relay" "$@" >"$scratch/.gateway" </dev/null 3>&- 4>&- &
  read -r state <"$scratch/.gateway" || state=ended
  rm -f "$scratch/.gateway"
  [ "$state" = ready ] || { event gateway_failed; exit 1; }
}

# run INDEX TEXT PROGRAM ARGUMENT…
run() {
  [ "$failed" = 0 ] || return 0
  index=$1
  printf '$ %s\n' "$2"
  shift 2
  event command "$index"
  (cd -- "$workspace/$start" && exec "$@") </dev/null 3>&- 4>&-
  failed=$?
  event exit "$index" "$failed"
}

# Ends what the commands left running, so that nobody writes while outputs are packed.
# Process 1 can only be the init of a namespace of its own; anywhere else -1 would be every process of the machine.
settle() {
  [ "$$" != 1 ] || kill -s KILL -1 2>/dev/null
  event settled
  acknowledged
}

# pack NAME PATH
pack() {
  if [ ! -e "$workspace/$2" ] && [ ! -L "$workspace/$2" ]; then
    event absent "$1"
    return 0
  fi
  [ -L "$workspace/$2" ] || chmod -R u+rwX -- "$workspace/$2"
  LC_ALL=C tar -c -f - --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=a-s,a-t,u=rwX,go=rX \
    --format=posix --pax-option='exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime' --hard-dereference \
    --totals -C "$workspace" -- "$2" >&4 2>"$scratch/.totals" 3>&-
  code=$?
  bytes=$(sed -n 's/^Total bytes written: \([0-9]*\).*/\1/p' "$scratch/.totals")
  [ "$code" = 0 ] || cat "$scratch/.totals"
  event packed "$1" "${bytes:-0}" "$code"
  acknowledged
}

plan=$(frame)
eval "$plan"
event finished
# Deleting is quick from in here, where processes are small; what is left the server deletes from outside.
[ "$keep" = 0 ] || exit 0
exec find "$workspace" "$scratch" "$HOME" -xdev -mindepth 1 -delete >/dev/null 2>&1 3>&- 4>&-
