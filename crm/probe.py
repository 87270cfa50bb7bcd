"""Whether the web server of this container can work, for its health check: `python -m crm.probe`."""

import os
import sys
import urllib.request
from urllib.parse import urlsplit


def main() -> int:
    """0 when /readyz agrees. It asks under the public name, as other names are refused."""
    host = urlsplit(os.environ.get("BASE_URL", "")).netloc or "localhost"
    request = urllib.request.Request("http://127.0.0.1:8000/readyz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=3):  # noqa: S310 - a fixed address
            return 0
    except OSError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
