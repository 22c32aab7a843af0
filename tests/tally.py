#!/usr/bin/python3
"""Counts test cases in JUnit files: prints "PASSED FAILED SKIPPED".

A skipped case is a failed one unless SCOREMAIL_TESTS_MAY_SKIP is 1: a test
that did not run has shown nothing. One that fails as it is expected to has run.
"""
import os
import sys
import xml.etree.ElementTree as ElementTree


def main(files):
    passed = failed = skipped = 0
    may_skip = os.environ.get("SCOREMAIL_TESTS_MAY_SKIP") == "1"
    for file in files:
        for case in ElementTree.parse(file).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif (skip := case.find("skipped")) is None or skip.get("type") == "pytest.xfail":
                passed += 1
            elif may_skip:
                skipped += 1
            else:
                failed += 1
                print(f"did not run: {case.get('classname')} {case.get('name')}", file=sys.stderr)
    print(passed, failed, skipped)


main(sys.argv[1:])
