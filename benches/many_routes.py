#!/usr/bin/env python3
"""Writes a right route file of N routes to standard output, shaped like an API: resources, parameters, sub-resources."""

import sys


def route(number: int) -> str:
    group, resource = number // 10 % 100, number // 1000
    kind = number % 10
    tail = ["", "/{id}", "/{id}/status", "/{id}/goals", "/{id}/goals/{goal}", "/search", "/export", "/{id}/log", "/new", "/{id}/plan"]
    path = f"/api/v1/area{resource}/resource{group}{tail[kind]}"
    role = ["Operations", "AnyOf([Admin, Service])", "Admin"][group % 3]
    return (
        f'        Route(path_prefix: "{path}", service: "service{resource}", '
        f'target: "http://service{resource}:8000/{number}", required_role: {role}),\n'
    )


def main() -> None:
    count = int(sys.argv[1])
    sys.stdout.write('Gateway(\n    roles: { Admin: "admin", Operations: "operations", Service: "service" },\n    routes: [\n')
    sys.stdout.writelines(route(number) for number in range(count))
    sys.stdout.write("    ],\n)\n")


if __name__ == "__main__":
    main()
