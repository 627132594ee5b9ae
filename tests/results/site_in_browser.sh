#!/usr/bin/env bash
# The report in a real Chromium. Exit code 77, with a message: Chromium, its driver or Selenium is missing.
#   site_in_browser.sh BITSWEEP MADE_UP_NIGHTS [FOLDER_FOR_PICTURES]
set -euo pipefail
for program in chromium chromedriver; do
  command -v "$program" >/dev/null || { echo "SKIPPED: $program is missing; right is apt-get install chromium chromium-driver python3-selenium"; exit 77; }
done
for python in python3 /usr/bin/python3; do
  "$python" -c 'import selenium' 2>/dev/null && break
  [ "$python" = python3 ] || { echo 'SKIPPED: Selenium is missing; right is apt-get install python3-selenium'; exit 77; }
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$2" "$folder/nights.sqlite" 40 4
"$python" "$(dirname "$0")/site_in_browser.py" "$1" "$folder" "${3:-}"
