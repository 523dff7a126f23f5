# The Debian packages; a part of ./dev, which brings `step`, `fail` and `install_missing`.
package_packages=(build-essential debhelper lintian cmake ninja-build pkg-config libboost1.81-dev libssl-dev libyaml-cpp-dev prometheus-cpp-dev
  libspdlog-dev nlohmann-json3-dev libcli11-dev libsystemd-dev libsqlite3-dev libpaho-mqttpp-dev libpaho-mqtt-dev python3)

package_usage() {
  cat <<'TEXT'
usage: ./dev package [--version VERSION] [--check-reproducible]

Builds the Debian packages into build/packages and runs lintian over them.

  --version VERSION     instead of the version in packaging/debian/changelog, for example 0.1.0+test1
  --check-reproducible  then builds them once more, elsewhere and under other circumstances, and compares the bytes
TEXT
}

# keep_times OLD NEW SECONDS: the files of NEW that are as in OLD have its times, so that ninja builds again what differs and nothing else. The times in the
# checkout say less: a file that was changed while an earlier build compiled its copy is older than what came of it. None is older than SECONDS
# since 1970, the time of the package, for dpkg-deb writes that of newer files, and the time of older ones as it is.
keep_times() {
  python3 - "$1" "$2" "$3" <<'PYTHON'
import filecmp
import os
import sys
old, new, oldest = sys.argv[1], sys.argv[2], int(sys.argv[3])
for folder, _, names in os.walk(new):
    for name in names:
        file = os.path.join(folder, name)
        before = os.path.join(old, os.path.relpath(file, new))
        same = os.path.isfile(before) and filecmp.cmp(before, file, shallow=False)
        time = max(os.stat(before).st_mtime, oldest) if same else None
        os.utime(file, (time, time) if same else None, follow_symlinks=False)
PYTHON
}

# lay_out TREE [VERSION]: a fresh copy of the sources with debian/ in its place.
lay_out() {
  local tree=$1 version=${2:-} new="$1.new"
  rm -rf "$new"
  mkdir -p "$new"
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    # What is new and not ignored belongs to it too; what was deleted does not.
    git ls-files -z --cached --others --exclude-standard -- . | while IFS= read -r -d '' file; do
      [[ ! -e $file && ! -L $file ]] || printf '%s\0' "$file"
    done | tar --create --null --files-from=- --mode='u+rw,go+r,go-w,a+X' | tar --extract --directory="$new" --preserve-permissions
  else
    tar --create --exclude=./build --exclude=./.git --exclude=node_modules --exclude=__pycache__ --mode='u+rw,go+r,go-w,a+X' . |
      tar --extract --directory="$new" --preserve-permissions
  fi
  mv "$new/packaging/debian" "$new/debian"
  if [[ $version ]]; then
    # A second later than the version it stands for, since entries have times that grow.
    local last="$new/debian/changelog" maintainer time
    maintainer=$(dpkg-parsechangelog --file "$last" --show-field Maintainer)
    time=$(TZ=UTC LC_ALL=C date --rfc-email --date "@$(($(dpkg-parsechangelog --file "$last" --show-field Timestamp) + 1))")
    printf 'spheregate (%s) bookworm; urgency=medium\n\n  * A build of its own.\n\n -- %s  %s\n\n' "$version" "$maintainer" "$time" |
      cat - "$last" >"$last.new"
    mv "$new/debian/changelog.new" "$new/debian/changelog"
  fi
  keep_times "$tree" "$new" "$(dpkg-parsechangelog --file "$new/debian/changelog" --show-field Timestamp)"
  local built
  for built in "$tree"/obj-*; do
    [[ ! -d $built ]] || mv "$built" "$new/"
  done
  rm -rf "$tree"
  mv "$new" "$tree"
}

# build_packages_in TREE: what was built before stays, and is built again as far as its sources changed.
build_packages_in() (
  umask 022
  cd "$1"
  # debhelper gives the build a home of its own, where the cache would be empty.
  ! command -v ccache >/dev/null || export CCACHE_DIR="${CCACHE_DIR:-$(ccache --get-config cache_dir)}"
  dh_clean
  dpkg-buildpackage --build=binary --no-pre-clean --unsigned-source --unsigned-changes --unsigned-buildinfo
)

# Everything that differs is made to: the place, the time, the user's mask, home, language, time zone, the number of jobs. No cache, since it would
# give back what the first build made.
build_packages_elsewhere() (
  umask 027
  cd "$1"
  export CCACHE_DISABLE=1 HOME=/nonexistent LC_ALL=C LANG=C LANGUAGE=de TZ=Pacific/Kiritimati DEB_BUILD_OPTIONS="parallel=3"
  dpkg-buildpackage --build=binary --no-pre-clean --unsigned-source --unsigned-changes --unsigned-buildinfo
)

check_reproducible() {
  local elsewhere="build/package-again/in/another/place/with-a-longer-name-$$" deb different=0
  rm -rf build/package-again
  lay_out "$elsewhere/tree" "$1"
  step package-again "building them again, elsewhere" build_packages_elsewhere "$elsewhere/tree"
  for deb in build/packages/*.deb; do
    if cmp --silent "$deb" "$elsewhere/$(basename "$deb")"; then
      printf '  the same: %s  %s\n' "$(sha256sum <"$deb" | cut -c1-16)" "$(basename "$deb")"
    else
      printf '  DIFFERENT: %s and %s\n' "$deb" "$elsewhere/$(basename "$deb")"
      different=1
    fi
  done
  ((different == 0)) || fail "the packages are not reproducible; diffoscope shows what differs"
  rm -rf build/package-again
}

package() {
  local version='' reproducible=''
  while (($#)); do
    case $1 in
      --version) version=${2:-}; [[ $version =~ ^[0-9][A-Za-z0-9.+~]*$ ]] || fail "--version needs a version, for example 0.1.0+test1"; shift ;;
      --check-reproducible) reproducible=1 ;;
      -h | --help) package_usage; return ;;
      *) package_usage >&2; exit 2 ;;
    esac
    shift
  done
  install_missing "${package_packages[@]}"
  local tree=build/package/tree
  lay_out "$tree" "$version"
  rm -f build/package/*.{deb,changes,buildinfo}
  step package "building the packages" build_packages_in "$tree"
  mkdir -p build/packages
  rm -f build/packages/*
  mv build/package/*.{deb,changes,buildinfo} build/packages/
  step lintian "lintian" lintian --pedantic --fail-on error,warning,info,pedantic build/packages/*.changes
  [[ ! $reproducible ]] || check_reproducible "$version"
  (cd build/packages && du --apparent-size --human-readable ./*.deb | sed 's/^/  /')
}
