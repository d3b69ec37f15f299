"""Serves an application to the test beside it: one JSON request a line on standard input, one JSON answer a line on standard output."""

import json
import sys


def refusal(problem):
    """The provider's error code, where the library has one."""
    return {"error": getattr(problem, "error", None) or type(problem).__name__, "message": str(problem)}


def serve(application):
    """Calls the method a request names with the request's other fields."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(application, request.pop("do"))(**request)
        except Exception as problem:  # whatever the library throws is the answer
            answer = refusal(problem)
        print(json.dumps(answer), flush=True)
