# The Debian packages for arm64; a part of ./dev. Cross-built in a root of two architectures, then run by qemu, no arm64 machine needed.
arm64_packages=(mmdebstrap qemu-user python3)
# Of the machine that builds; what it builds from is in packaging/debian/control.
arm64_root_packages=(build-essential crossbuild-essential-arm64 debhelper dh-sequence-installsysusers cmake ninja-build pkg-config python3)

# make_cross_root ROOT: bookworm for amd64 with arm64 beside it. Kept, since it takes minutes.
make_cross_root() {
  local root=$1 packages
  [[ ! -e $root/made ]] || return 0
  rm -rf "$root"
  mkdir -p "$(dirname "$root")"
  packages=$(IFS=,; echo "${arm64_root_packages[*]}")
  mmdebstrap --variant=apt --architectures=amd64,arm64 --include="$packages" bookworm "$root"
  # What the packages are built from, for arm64: libraries and headers.
  mkdir -p "$root/build/control"
  cp -r packaging/debian "$root/build/control/debian"
  chroot "$root" sh -c 'cd /build/control && apt-get update && apt-get --yes --no-install-recommends --host-architecture arm64 --build-profiles cross,nocheck build-dep ./'
  touch "$root/made"
}

cross_build_in() {
  chroot "$1" env LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS="nocheck parallel=${SPHEREGATE_JOBS:-$(nproc)}" sh -c 'umask 022; cd /build/tree && dh_clean &&
    dpkg-buildpackage --build=binary --host-arch arm64 --build-profiles=cross,nocheck --no-pre-clean --unsigned-source --unsigned-changes --unsigned-buildinfo'
}

# unpack_for_qemu ROOT PLACE DEB...: a directory with nothing but the packages and what they depend on, as on a machine of that kind.
unpack_for_qemu() {
  local root=$1 place=$2 deb
  shift 2
  rm -rf "$place" "$root/build/debs"
  mkdir -p "$place" "$root/build/debs/partial"
  cp "$@" "$root/build/"
  # As apt would on a machine where nothing is installed yet.
  chroot "$root" sh -c 'apt-get --option APT::Architecture=arm64 --option Dir::State::status=/dev/null --option Dir::Cache::archives=/build/debs \
    --option APT::Sandbox::User=root --download-only --yes --no-install-recommends install "$@"' unpack "${@/#*\//\/build\/}"
  for deb in "$@" "$root"/build/debs/*.deb; do dpkg-deb --extract "$deb" "$place"; done
}

# programs_for_qemu PLACE: a command for each program, for the tests that start them by name.
programs_for_qemu() {
  local place=$1 program
  mkdir -p "$place.programs"
  for program in spheregate spheregate-hubsim spheregate-testpki; do
    printf '#!/bin/sh\nexec qemu-aarch64 -L "%s" "%s/usr/bin/%s" "$@"\n' "$place" "$place" "$program" >"$place.programs/$program"
    chmod +x "$place.programs/$program"
  done
}

package_arm64() {
  ((EUID == 0)) || fail "it makes a root directory of another architecture, so run it as root: sudo ./dev package-arm64"
  [[ $(dpkg --print-architecture) == amd64 ]] || fail "it cross-builds from amd64; on arm64, ./dev package builds the packages"
  install_missing "${arm64_packages[@]}"
  local root="$PWD/build/arm64/root" tree="$PWD/build/arm64/root/build/tree" place="$PWD/build/arm64/machine"
  step arm64-root "a root for amd64 and arm64" make_cross_root "$root"
  lay_out "$tree"
  rm -f "$root"/build/*.{deb,changes,buildinfo}
  step arm64-package "cross-building the packages" cross_build_in "$root"
  mkdir -p build/packages-arm64
  rm -f build/packages-arm64/*
  mv "$root"/build/*.{deb,changes,buildinfo} build/packages-arm64/
  step arm64-unpack "what an arm64 machine would have" unpack_for_qemu "$root" "$place" \
    build/packages-arm64/spheregate_*_arm64.deb build/packages-arm64/spheregate-tools_*_arm64.deb
  programs_for_qemu "$place"
  step arm64-run "running them by qemu" env -C tests/packaging SPHEREGATE_PROGRAMS="$place.programs" PYTHONDONTWRITEBYTECODE=1 \
    python3 -m unittest -v emulated
  grep --extended-regexp '\.\.\. |^Ran ' build/arm64-run.log | sed 's/^/  /'
  (cd build/packages-arm64 && du --apparent-size --human-readable ./*.deb | sed 's/^/  /')
}
