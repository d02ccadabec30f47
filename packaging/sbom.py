#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: sbom.py ROOT VERSION >FILE

Writes the bill of materials of a release as CycloneDX 1.5 in JSON: the packages of docs/licences.md that are in the
programs, in the versions of this machine, and those beside the programs, whose versions are the user's own. Its date is
SOURCE_DATE_EPOCH. The same packages give the same file.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

ROW = re.compile(r"^\| (`[^|]*`) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def table(page, name):
    """Rows of the table behind a comment: (package, what for, licence)."""
    begin = page.find(f"<!-- {name} -->")
    if begin < 0:
        sys.exit(f"docs/licences.md: expected <!-- {name} -->, found none")
    text = page[begin + 1:].split("\n<!-- ")[0]
    return [(package, use, licence) for packages, use, licence in ROW.findall(text)
            for package in re.findall(r"`([^`]+)`", packages)]


def installed(package):
    """(version, architecture) of a package; none where this machine has it not, as that of another suite."""
    words = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Version} ${Architecture}\n", package]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        status, version, architecture = line.split(" ")
        if status == "installed":
            return version, architecture
    return None


def suite():
    words = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    found = re.search(r"^VERSION_CODENAME=(\w+)$", words, re.MULTILINE)
    return found[1] if found else "sid"


def component(package, use, licence, version=None, architecture=None):
    purl = f"pkg:deb/debian/{package}"
    if version:
        purl += f"@{version.replace(':', '%3A').replace('+', '%2B')}?arch={architecture}&distro={suite()}"
    found = {"type": "library", "bom-ref": purl, "name": package, "description": use, "licenses": [{"expression": licence}],
             "purl": purl, "scope": "required" if version else "optional"}
    if version:
        found["version"] = version
    return found


def bill(page, version, seconds):
    """The whole, as an object of JSON."""
    components = []
    for row in table(page, "in the programs"):
        found = installed(row[0])
        if found:
            components.append(component(*row, *found))
    components += [component(*row) for row in table(page, "beside the programs")]
    this = f"pkg:generic/aircomp@{version}"
    date = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    content = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "timestamp": date.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": this, "name": "aircomp", "version": version, "purl": this,
                          "licenses": [{"expression": "GPL-3.0-or-later"}]}},
        "components": components,
        "dependencies": [{"ref": this, "dependsOn": [one["bom-ref"] for one in components]}] + [
            {"ref": one["bom-ref"], "dependsOn": []} for one in components]}
    # A name of the content.
    content["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True)).urn
    return content


def main(root, version):
    page = (pathlib.Path(root) / "docs" / "licences.md").read_text(encoding="utf-8")
    json.dump(bill(page, version, int(os.environ["SOURCE_DATE_EPOCH"])), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
