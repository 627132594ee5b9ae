#!/usr/bin/env bash
# A sweep under mpirun whose dispatcher is killed in the middle ends, started again, with every run exactly once.
#   kill_dispatcher.sh BITSWEEP SPEC
set -euo pipefail
bitsweep=$1
spec=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
database=$folder/sweep.sqlite
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

fail() { echo "FAILED: $*" >&2; exit 1; }
options=(-n 3 --oversubscribe --bind-to none)
sweep() { mpirun "${options[@]}" "$bitsweep" run "$spec" --db "$database"; }
number() { "$bitsweep" query --db "$database" --format csv --sql "$1" 2>/dev/null | tail -n 1; }
started="select group_concat(started, ' ') from (select started from results order by id)"

planned=$("$bitsweep" plan "$spec" --format json | grep -c '"id"')
[ "$planned" -eq 24 ] || fail "planned $planned runs, not 24"

(exec mpirun "${options[@]}" "$bitsweep" run "$spec" --db "$database") &
launcher=$!
for _ in $(seq 600); do
  stored=0
  [ -f "$database" ] && stored=$(number "select count(*) from results" || echo 0)
  [[ $stored =~ ^[0-9]+$ ]] && [ "$stored" -ge 3 ] && break
  sleep 0.1
done
dispatcher=$(pgrep -P "$launcher" --oldest) || fail "the sweep ended before it could be killed"
kill -9 "$dispatcher"
wait "$launcher" && fail "a sweep whose dispatcher was killed ended well"

before=$(number "select count(*) from results")
echo "killed the dispatcher with $before of $planned results stored"
[ "$before" -ge 3 ] && [ "$before" -lt "$planned" ] || fail "$before results after the kill"
kept=$(number "$started")

sweep
[ "$(number "select count(*) from results")" -eq "$planned" ] || fail "not every run has exactly one result"
[ "$(number "select count(distinct run) from results")" -eq "$planned" ] || fail "a run has several results"
[ "$(number "select count(*) from results where outcome = 'ok'")" -eq "$planned" ] || fail "not every result is ok"
[ "$(number "select count(*) from sessions")" -eq 1 ] || fail "a second session began"
case "$(number "$started")" in
  "$kept"*) ;;
  *) fail "a finished result was measured again" ;;
esac

# A third start has nothing left to do.
sweep 2>&1 | grep -q 'all 24 runs are ok' || fail "a complete sweep was not seen as complete"
echo "every run exactly once"
