"""Google Drive, which asks back before it hands out a file that it has not searched for viruses."""

import http.cookiejar
import urllib.request
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

HOSTS = frozenset({"drive.google.com", "drive.usercontent.google.com", "docs.google.com"})
_PAGE_BYTES = 1 << 20
_FORM = "download-form"
_COOKIE = "download_warning"


def opened(request: urllib.request.Request, timeout_s: float) -> Any:
    """Open an address; where a drive asks whether its file is wanted all the same, say yes.

    Args:
        request: What is asked for.
        timeout_s: How long to wait for an answer.

    Raises:
        OSError: If a drive has a page but no file.
    """
    if urlsplit(request.full_url).hostname not in HOSTS:
        return urllib.request.urlopen(request, timeout=timeout_s)
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    response = opener.open(request, timeout=timeout_s)
    if _is_page(response):
        page = _read(response)
        again = urllib.request.Request(_answer(page, cookies), headers=dict(request.headers))
        response = opener.open(again, timeout=timeout_s)
        if _is_page(response):
            raise _refused(_read(response))
    return response


class _Page(HTMLParser):
    """What a page is called, and what its form would send."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.title = url, ""
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = ""  # "title", "form" (the one that counts) or nothing

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("id") == _FORM:
            self.action, self._inside = given.get("action", ""), tag
        elif tag == "title":
            self._inside = tag
        elif tag == "input" and self._inside == "form" and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data


def _is_page(response: Any) -> bool:
    is_file = response.headers.get("Content-Disposition") is not None
    return not is_file and response.headers.get_content_type() == "text/html"


def _read(response: Any) -> _Page:
    with response:
        page = _Page(response.geturl())
        page.feed(response.read(_PAGE_BYTES).decode("utf-8", "replace"))
    return page


def _answer(page: _Page, cookies: http.cookiejar.CookieJar) -> str:
    """Return the address behind the page's button."""
    if page.action is not None:
        made = f"{urljoin(page.url, page.action)}?{urlencode(page.fields)}"
    else:
        token = next((c.value for c in cookies if c.name.startswith(_COOKIE)), None)
        if token is None:
            raise _refused(page)
        made = f"{page.url}&{urlencode({'confirm': token})}"
    asked, found = urlsplit(page.url), urlsplit(made)
    if found.scheme != asked.scheme or found.hostname not in HOSTS:
        raise OSError(f"the drive sends elsewhere, to {made}")
    return made


def _refused(page: _Page) -> OSError:
    called = " ".join(page.title.split()) or "without a title"
    return OSError(
        f"the drive sent a page ({called!r}) instead of the file; it may have been asked for too "
        "often today"
    )
