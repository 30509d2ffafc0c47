#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The API's description (OpenAPI 3.1), out of the table below and the schemas beside it.

openapi.py VERSION OUT.c SCHEMA.json...

A route that is added to http.c gets an entry here, and its answer a schema; tests/smoke/
test_openapi.py holds every answer against it, and the table of http.c against this one.
"""

import hashlib
import json
import os
import sys

WINDOWS = ["now", "1m", "5m", "1h", "24h", "start"]
TIME = ("RFC 3339 (2026-11-27T01:00:00Z), seconds since 1970, now, or a length before now "
        "(-24h; m, h, d, w, y).")


def parameter(name, description, schema=None, where="query", required=False):
    return {"name": name, "in": where, "required": required, "description": description,
            "schema": schema or {"type": "string"}}


WINDOW = parameter("window", "The time window; the program's --window unless given.",
                   {"type": "string", "enum": WINDOWS})
FROM = parameter("from", f"Begin of a time that --history keeps: {TIME} Not with window.")
TO = parameter("to", f"Its end; now unless given: {TIME}")
SIDE = parameter("side", "all, or remote: without the places of our own networks (--local); the "
                 "program's --side unless given.", {"type": "string", "enum": ["all", "remote"]})
SENSOR = parameter("sensor", "Of the wall of a fleet: this sensor alone, now or since the start.")
GROUP = parameter("group", "The same of the sensors of one group of sites.")
HEAT = [WINDOW, SIDE, FROM, TO, SENSOR, GROUP]
BOM = parameter("bom", "1: a byte order mark first, for spreadsheets that need it.",
                {"type": "string", "enum": ["0", "1"]})
STEP = parameter("step", "Length of a step: seconds, or 1m, 5m, 1h, 1d.")
SERIES = [
    {**FROM, "required": True}, TO, STEP,
    parameter("place", "Only this place: an id of /api/v1/heat?from=.", {"type": "integer"}),
    parameter("country", "Only this country, ISO 3166-1 alpha-2; empty: places without one.",
              {"type": "string", "pattern": "^([A-Z]{2})?$"}),
    parameter("network", "Only this network, by the number of its AS: 3320 or AS3320; 0: those of "
              "which nobody says whose they are.",
              {"type": "string", "pattern": "^([Aa][Ss])?[0-9]{1,10}$"})]
AGAINST = parameter("against", "What it is held against: the day before, the week before, or what "
                    "is usual, the median of the four weeks before; day unless given.",
                    {"type": "string", "enum": ["day", "week", "usual"]})
CHANGE = [{**FROM, "description": f"Begin of the time; an hour before its end unless given: {TIME}"},
          TO, AGAINST, SIDE]
EVENTS = [{**FROM, "description": f"Those since then; a day before its end unless given: {TIME}"}, TO,
          parameter("active", "1: only those that are not over.",
                    {"type": "string", "enum": ["0", "1"]})]
TIMELINE = [
    parameter("timeline_from", "With from: begin of the timeline below the map, else the same."),
    parameter("timeline_to", "With from: its end, else the same."), STEP]

JSON = "application/json"
HTML = "text/html"

# path: (summary, parameters, {media type: schema}, further statuses)
ROUTES = {
    "/api/v1/heat": ("Places and counts of a window, or of a time of the past.", HEAT,
                     {JSON: "heat"}, (400, 404, 503)),
    "/api/v1/heat.geojson": ("The same places as GeoJSON (RFC 7946).", HEAT,
                             {"application/geo+json": "geojson"}, (400, 404, 503)),
    "/api/v1/heat.csv": ("The same places as CSV (RFC 4180).", [*HEAT, BOM], {"text/csv": None},
                         (400, 404, 503)),
    "/api/v1/countries.geojson": ("The same by country: polygons (RFC 7946).", HEAT,
                                  {"application/geo+json": "countries"}, (400, 404, 503)),
    "/api/v1/series": ("Traffic over a time that --history keeps, step by step.", SERIES,
                       {JSON: "series"}, (400, 404, 503)),
    "/api/v1/series.csv": ("The same as CSV (RFC 4180).", SERIES, {"text/csv": None},
                           (400, 404, 503)),
    "/api/v1/change": ("A time beside the same a day or a week before, or what is usual.", CHANGE,
                       {JSON: "change"}, (400, 404, 503)),
    "/api/v1/events": ("What was unusual: places, countries, all traffic; the newest first.", EVENTS,
                       {JSON: "events"}, (400, 404, 503)),
    "/api/v1/sensors": ("The sensors of a fleet, each with its state; of a sensor, none.", [],
                        {JSON: "sensors"}, ()),
    "/api/v1/session": ("Who asks; with Authorization: Basic a session begins.", [
        parameter("end", "1: the session ends.", {"type": "string", "enum": ["1"]})],
        {JSON: "session"}, (401, 429)),
    "/api/v1/sessions": ("Who is in; for admins.", [], {JSON: "sessions"}, ()),
    "/api/v1/locate": ("What the map does with an address, and why.", [
        parameter("ip", "The address, IPv4 or IPv6.", required=True)],
        {JSON: "locate"}, (400, 503)),
    "/api/v1/place/{id}": ("One place and its busiest hosts.", [
        parameter("id", "The number of the place, as /api/v1/heat has it.", {"type": "integer"},
                  "path", True), WINDOW],
        {JSON: "place"}, (400, 404, 503)),
    "/api/v1/places/{key}": ("A place that --history keeps, and what it had in a time.", [
        parameter("key", "Its key: the id of /api/v1/heat?from= and /api/v1/change, the place of "
                  "/api/v1/events; the same over restarts.", {"type": "integer"}, "path", True),
        {**FROM, "description": f"Begin of the time; a day before its end unless given: {TIME}"},
        TO], {JSON: "places"}, (400, 404, 503)),
    "/api/v1/status": ("Ledger, rates, losses, lanes, ports, databases, settings in force.", [],
                       {JSON: "status"}, (503,)),
    "/api/v1/openapi.json": ("This description.", [],
                             {"application/vnd.oai.openapi+json;version=3.1": None}, ()),
    "/metrics": ("The numbers for Prometheus; OpenMetrics 1.0 where Accept names it.", [],
                 {"application/openmetrics-text": None, "text/plain": None}, (503,)),
    "/ip_heatmap.html": ("The map in one file; of the past with its timeline.",
                         [WINDOW, SIDE, FROM, TO, *TIMELINE], {HTML: None}, (400, 404, 503)),
    "/": ("The page.", [], {HTML: None}, ()),
}

REASONS = {400: "A parameter or Host is wrong; detail says which and what it can be.",
           401: "A login or a token is asked for (--users), and none, or a wrong one, was shown.",
           403: "It is for admins, or it changes something or has credentials, and comes from another site's page.",
           404: "There is no such thing, or nothing is kept.",
           405: "Only GET and HEAD.",
           408: "The request's header did not come within ten seconds.",
           413: "No request has a body.",
           416: "The range begins behind the end.",
           421: "The server is not known by the name in Host (--http-host makes it known), or the "
                "target is another server's.",
           429: "Too many wrong passwords or tokens; Retry-After says when to ask again.",
           503: "The first period is not over yet; Retry-After says when to ask again."}


def answer(description, content, headers=()):
    return {"description": description, "content": content,
            **({"headers": {name: {"schema": {"type": "string"}} for name in headers}}
               if headers else {})}


def operation(summary, parameters, types, statuses):
    content = {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"} if schema
                      else {"type": "string"}}
               for kind, schema in types.items()}
    answers = {"200": answer("OK", content, ("ETag",)),
               "206": {"description": "The part that Range asks for."},
               "304": {"description": "What If-None-Match names is still so."}}
    for status in sorted({*statuses, 400, 401, 403, 405, 408, 413, 416, 421, 429}):
        answers[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return {"summary": summary, "parameters": parameters, "responses": answers}


def build(version, schemas):
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "packet-heatmap", "version": version,
                 "summary": "Where in the world a network's packets come from and go to.",
                 "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"}},
        "servers": [{"url": "/"}],
        "paths": {path: {"get": operation(*route), "head": operation(*route)}
                  for path, route in ROUTES.items()},
        "components": {
            "schemas": schemas,
            "responses": {str(status): answer(text, problem) for status, text in REASONS.items()},
        },
    }


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def main():
    version, out, *paths = sys.argv[1:]
    schemas = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            schemas[os.path.splitext(os.path.basename(path))[0]] = json.load(file)
    document = build(version, schemas)
    for reference in references(document):
        node = document
        for step in reference.removeprefix("#/").split("/"):
            if step not in node:
                sys.exit(f"openapi.py: nothing is at {reference}")
            node = node[step]
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
    tag = hashlib.sha256(text).hexdigest()[:16]
    rows = [",".join(str(octet) for octet in text[i:i + 24]) for i in range(0, len(text), 24)]
    with open(out, "w", encoding="utf-8") as file:
        file.write('/* made by openapi.py */\n#include "answer.h"\n\n'
                   "const unsigned char http_openapi[] = {\n" + ",\n".join(rows) + "};\n"
                   f"const size_t http_openapi_length = {len(text)};\n"
                   f'const char http_openapi_etag[] = "{tag}";\n')


if __name__ == "__main__":
    main()
