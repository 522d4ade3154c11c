# shellcheck shell=bash
# Starting and stopping the servers. A pid alone says little: after a crash or a reboot another program may have it.
# So a pid file holds the pid, the moment that process began, and the boot in which it did.

PIDS=$CACHE/pids

identity() { # identity PID: what tells this process from any other that ever had this pid
  local rest fields
  rest=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${rest##*) }" # the program's name, in parentheses, may hold blanks
  [ "${fields[0]}" != Z ] || return 1
  echo "$1 ${fields[19]} $(cat /proc/sys/kernel/random/boot_id)"
}

pid_of() { # pid_of NAME: prints the pid if that very process still runs
  local saved pid
  saved=$(cat "$PIDS/$1" 2>/dev/null) || return 1
  pid=${saved%% *}
  [ -n "$pid" ] && [ "$(identity "$pid")" = "$saved" ] && echo "$pid"
}

alive() { pid_of "$1" >/dev/null; }

start() { # start NAME COMMAND...: in a session of its own, unless it runs already
  local name=$1; shift
  alive "$name" && return
  say "starting $name"
  mkdir -p "$PIDS" "$LOGS"
  [ ! -f "$LOGS/$name.log" ] || mv -f "$LOGS/$name.log" "$LOGS/$name.log.1" # why it died may stand there
  rm -f "$PIDS/$name"
  # The process notes itself down before it becomes the server: there is no moment in which it runs unknown to us.
  (
    exec 9>&- # or a server would hold the lock of the command that started it
    identity "$BASHPID" >"$PIDS/$name"
    exec setsid "$@"
  ) >"$LOGS/$name.log" 2>&1 </dev/null &
  within 5 test -s "$PIDS/$name" || die "$name could not be started"
}

await() { # await NAME SECONDS COMMAND...: until COMMAND succeeds; gives up at once if NAME has died
  local name=$1 end=$((SECONDS + $2)); shift 2
  until "$@" >/dev/null 2>&1; do
    if ! alive "$name" || [ "$SECONDS" -ge "$end" ]; then
      say "$name does not answer; the end of $LOGS/$name.log:"
      tail -n 5 "$LOGS/$name.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

stop() { # stop NAME: asks first, insists after ten seconds
  local pid
  if pid=$(pid_of "$1"); then
    kill "$pid" 2>/dev/null || true
    within 10 gone "$1" || kill -9 "$pid" 2>/dev/null || true
    within 5 gone "$1" || true
  fi
  rm -f "$PIDS/$1"
}

gone() { ! alive "$1"; }

kill_all() { # kill_all NAME...: for servers whose data is deleted next
  local name pid
  for name in "$@"; do
    if pid=$(pid_of "$name"); then kill -9 "$pid" 2>/dev/null || true; fi
  done
  for name in "$@"; do
    within 5 gone "$name" || die "$name (pid $(pid_of "$name")) does not end"
    rm -f "$PIDS/$name"
  done
}

free_port() { # free_port NAME PORT: NAME is about to listen there
  alive "$1" && return
  ss -Hltn "sport = :$2" | grep -q . || return 0
  die "port $2, which $1 needs, is taken by another program (find it: ss -ltnp 'sport = :$2')"
}
