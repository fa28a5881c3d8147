"""Headless Chromium as Debian packages it, as somebody without privileges, with a folder for downloads."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE_SECONDS = 30


@contextlib.contextmanager
def chromium():
    """Yields a `Browser`; nothing of it is left afterwards."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="outhaul-page-"))
    downloads = home / "downloads"
    downloads.mkdir()
    whom = {}
    if os.geteuid() == 0:
        # Chromium keeps its sandbox, which it refuses to root.
        nobody = pwd.getpwnam("nobody")
        for path in (home, downloads):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC"}
    service = Service(shutil.which("chromedriver"), env=environment, popen_kw=whom)
    driver = webdriver.Chrome(options=options(home, downloads), service=service)
    try:
        yield Browser(driver, downloads)
    finally:
        driver.quit()
        shutil.rmtree(home, ignore_errors=True)


def options(home, downloads):
    made = webdriver.ChromeOptions()
    made.binary_location = shutil.which("chromium")
    made.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={home}/profile"):
        made.add_argument(argument)
    if not sandbox_works():
        made.add_argument("--no-sandbox")
    return made


def sandbox_works():
    """Some containers forbid the namespaces that the sandbox is made of; the pages here are our own."""
    # CLONE_NEWUSER, as nobody where root asks.
    script = "import ctypes, os, sys; os.geteuid() or os.setuid(65534); sys.exit(ctypes.CDLL(None).unshare(0x10000000) != 0)"
    return subprocess.run([sys.executable, "-I", "-c", script], check=False).returncode == 0


class Browser:
    """What the tests do with the page."""

    def __init__(self, driver, downloads):
        self.driver, self.downloads = driver, downloads

    def open(self, url):
        # The same page with another fragment would only be a jump.
        self.driver.get("about:blank")
        self.driver.get(url)

    def go(self, fragment):
        self.driver.execute_script("location.hash = arguments[0]", fragment)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        found = self.all(selector)
        return found[0].text if found else ""

    def until(self, what, condition):
        # What is looked at may be replaced meanwhile.
        wait = WebDriverWait(self.driver, PATIENCE_SECONDS, 0.05, [StaleElementReferenceException])
        try:
            return wait.until(lambda _: condition())
        except TimeoutException as error:
            seen = f"seen: {self.text('body')!r}; log: {self.driver.get_log('browser')}"
            raise AssertionError(f"{what}; {seen}") from error

    def until_text(self, selector, text):
        self.until(f"{text!r} in {selector}", lambda: text in self.text(selector))

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def button(self, label):
        found = [button for button in self.all("button") if button.is_displayed() and label in (button.text, button.accessible_name)]
        assert len(found) == 1, f"{label}: {len(found)} buttons"
        return found[0]

    def sign_in(self, email, password):
        self.until_text("h1", "Sign in")
        for selector, text in (("input[type=email]", email), ("input[type=password]", password)):
            field = self.all(selector)[0]
            field.clear()
            field.send_keys(text)
        self.button("Sign in").click()

    def downloaded(self, name):
        path = self.downloads / name
        self.until(f"the download of {name}", path.is_file)
        return path.read_bytes()

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def complaints(self):
        """What the browser had to say about scripts and policies."""
        words = ("Content Security Policy", "Uncaught", "Refused")
        return [entry["message"] for entry in self.driver.get_log("browser") if any(word in entry["message"] for word in words)]
