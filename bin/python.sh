# Sourced by the commands beside it: sets $root and $python; `environment EXTRA…` makes what is missing.
# A Python of the environment serves as soon as there is one; before that, the first of the machine that is new enough.
root=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd -P)
python=$root/.venv/bin/python

new_enough() {
  command -v "$1" >/dev/null 2>&1 && "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

environment() {
  base=$python
  if [ ! -x "$python" ]; then
    base=
    for name in python3 python3.15 python3.14 python3.13 python3.12 python3.11 python; do
      if new_enough "$name"; then base=$name && break; fi
    done
    if [ -z "$base" ]; then
      echo "Python 3.11 or newer is needed: https://www.python.org/downloads/ / Нужен Python 3.11 или новее" >&2
      exit 3
    fi
  fi
  "$base" -I "$root/bin/environment.py" "$@" || exit
}
