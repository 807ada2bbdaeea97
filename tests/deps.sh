#!/bin/sh
# Install the named Debian packages that are missing; do nothing when all are there.
missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
sudo=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "deps: please install as root:$missing" >&2; exit 1; }
    sudo=sudo
fi
echo "deps: installing from Debian's packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q >/dev/null && $sudo apt-get install -y -q --no-install-recommends $missing >/dev/null || {
    echo "deps: installation failed; by hand: apt-get install$missing" >&2
    exit 1
}
