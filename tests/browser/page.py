"""The page in headless Chromium.

    page.py states           the page against a stand-in for the service, in every state that it can show
    page.py service          the page against a running service; reads from stdin
        {"link", "member": {"email", "password"}, "stranger": {..}, "rows", "file", "copy"}: `link` is what the
        letter says, `file` is downloaded from there and put at `copy`

Prints a line for each thing shown; the first that is otherwise is printed to stderr, and the exit code is 1.
"""

import json
import pathlib
import sys

from selenium.webdriver.common.keys import Keys

import fake_api
from browser import chromium


def main():
    with chromium() as browser:
        if sys.argv[1:] == ["states"]:
            for check in STATES:
                server = fake_api.start()
                browser.driver.delete_all_cookies()
                check(browser, server)
                quiet(browser)
                server.shutdown()
                print(f"shown: {check.__name__}", flush=True)
        else:
            service(browser, json.load(sys.stdin))


def quiet(browser):
    complaints = browser.complaints()
    assert not complaints, complaints


def enter(browser, server, fragment):
    browser.open(f"{server.url}/{fragment}")
    browser.sign_in(fake_api.EMAIL, fake_api.PASSWORD)


def sign_in_by_keyboard(browser, server):
    browser.open(f"{server.url}/")
    browser.until_text("h1", "Sign in")
    active = browser.driver.switch_to.active_element
    assert active.accessible_name == "E-mail address", active.accessible_name
    browser.press(fake_api.EMAIL, Keys.TAB)
    assert browser.driver.switch_to.active_element.accessible_name == "Password"
    browser.press("wrong", Keys.ENTER)
    browser.until_text("#alert", "The address or the password is wrong.")
    assert browser.driver.switch_to.active_element.get_attribute("value") == ""
    browser.press(fake_api.PASSWORD, Keys.ENTER)
    browser.until_text("h1", "Your organisations")
    assert [link.text for link in browser.all("main li a")] == ["o1", "o2.with-a-long-name"]
    assert browser.text("#who") == fake_api.EMAIL
    assert browser.all("#alert")[0].get_attribute("role") == "alert" and browser.text("#alert") == ""
    assert browser.all("#status")[0].get_attribute("role") == "status"
    browser.all("main li a")[0].send_keys(Keys.ENTER)
    browser.until_text("h1", "Exports of o1")
    assert "Being built" in browser.text("main") and "Failed" in browser.text("main")


def progress_and_download(browser, server):
    enter(browser, server, f"#/exports/o1/{fake_api.RUNNING}")
    browser.until_text("h1", "Export of the messages of o1")
    browser.until_text("#status", "1 of 3 parts are built.")
    bar = browser.all("progress")[0]
    assert bar.accessible_name == "Progress"
    browser.until_text("#status", "Ready")
    assert not bar.is_displayed()
    for text in ("2021-01-01 to 2021-03-31 (Europe/Berlin)", "1,234,567", "25.6 kB", "15 April 2021 at 14:05 UTC"):
        assert text in browser.text("main"), text
    browser.button(f"Download {fake_api.FILE}").click()
    assert browser.downloaded(fake_api.FILE) == fake_api.CONTENT
    assert browser.text("h1") == "Export of the messages of o1"


def failure_and_retry(browser, server):
    enter(browser, server, f"#/exports/o1/{fake_api.FAILED}")
    browser.until_text("h2", "What happened")
    assert fake_api.HOSTILE in browser.text("main")
    assert not browser.all("img")
    assert [day.text for day in browser.all(".days li")] == ["2021-01-01 to 2021-01-02", "2021-02-28 to 2021-03-01", "2021-03-05"]
    browser.button("Try the failed days again").click()
    browser.until_text("dl", "Ready")
    assert browser.button(f"Download {fake_api.FILE}")


def waiting_and_own(browser, server):
    enter(browser, server, f"#/exports/o1/{fake_api.WAITING}")
    browser.until_text("#status", "It waits until other exports are finished.")
    browser.go(f"#/me/exports/{fake_api.OWN}")
    browser.until_text("h1", "Export of your memberships")
    assert browser.text("#who") == fake_api.EMAIL
    assert "Days" not in browser.text("dl")


def unknown_things(browser, server):
    enter(browser, server, "#/exports/o2/01890a5d-ac96-774b-bcce-b302000000ff")
    browser.until_text("#alert", "There is no such export, or you may not see it.")
    for fragment in ("#/exports/../x", "#/x", "#/exports/O1/x", "#/exports/o1/01890a5d-ac96-774b-bcce-b30200000000/x"):
        browser.go(fragment)
        browser.until_text("h1", "There is no such page")
        browser.go("#/")
        browser.until_text("h1", "Your organisations")


def tokens_are_renewed(browser, server):
    # Less than what the page keeps in hand, so each call renews.
    server.state.expires_in = 1
    enter(browser, server, f"#/exports/o1/{fake_api.WAITING}")
    browser.until_text("#status", "It waits")
    assert server.state.tokens >= 2
    nonces = [nonce for _, nonce in server.state.refreshes]
    assert all(len(nonce) == 32 and set(nonce) <= set("0123456789abcdef") for nonce in nonces)
    assert len(set(nonces)) == len(nonces)
    server.state.expires_in = 300
    before = len(server.state.refreshes)
    server.state.answers_to_lose = 2
    browser.go("#/")
    browser.until_text("h1", "Your organisations")
    repeats = server.state.refreshes[before:]
    assert len(repeats) >= 3 and len(set(repeats[:3])) == 1, repeats
    # Another device of the thief's: the family is over, and so is this login.
    server.state.tokens += 1
    browser.go("#/exports/o1")
    browser.until_text("#alert", "Your login is over. Sign in again.")
    assert browser.text("h1") == "Sign in"


def service_away(browser, server):
    browser.open(f"{server.url}/")
    server.state.is_down = True
    browser.sign_in(fake_api.EMAIL, fake_api.PASSWORD)
    browser.until_text("#alert", "The service cannot answer now. Try again in 7 s.")


def service_away_for_a_while(browser, server):
    enter(browser, server, f"#/exports/o1/{fake_api.RUNNING}")
    browser.until_text("#status", "parts are built.")
    server.state.is_down = True
    browser.until_text("#alert", "The service cannot answer now.")
    server.state.is_down = False
    browser.until_text("#status", "Ready")
    assert browser.text("#alert") == ""


def sign_out_forgets(browser, server):
    enter(browser, server, f"#/exports/o1/{fake_api.OWN}")
    browser.until_text("h1", "Export of")
    kept = "return [document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"
    assert browser.driver.execute_script(kept) == ["", 0, 0, 0]
    browser.button("Sign out").click()
    browser.until_text("h1", "Sign in")
    assert not [button for button in browser.all("button") if button.is_displayed() and button.text == "Sign out"]
    browser.sign_in(fake_api.EMAIL, fake_api.PASSWORD)
    browser.until_text("h1", "Export of")
    browser.driver.refresh()
    browser.until_text("h1", "Sign in")


def nothing_else_runs(browser, server):
    browser.open(f"{server.url}/")
    browser.until_text("h1", "Sign in")
    inject = """
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        const image = new Image();
        image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
        document.body.append(image);
        return fetch("http://127.0.0.1:1/").then(() => "fetched", () => String(window.ran));
    """
    assert browser.driver.execute_script(inject) == "undefined"
    complaints = browser.complaints()
    assert len(complaints) >= 3 and all("Content Security Policy" in line for line in complaints), complaints


def small_and_dark(browser, server):
    colours = []
    for scheme in ("light", "dark"):
        browser.cdp("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=False)
        browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        for fragment, title in (("#/", "Your"), ("#/exports/o1", "Exports"), (f"#/exports/o1/{fake_api.OWN}", "Export of"),
                                (f"#/exports/o1/{fake_api.FAILED}", "Export of")):
            enter(browser, server, fragment)
            browser.until_text("h1", title)
            assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= 360, (scheme, fragment)
        read = "const s = getComputedStyle(document.body), b = getComputedStyle(document.querySelector('main button')); return [s.color, s.backgroundColor, b.color, b.backgroundColor]"
        ink, paper, button_ink, button = browser.driver.execute_script(read)
        # WCAG 2.2, 1.4.3
        assert contrast(ink, paper) >= 4.5 and contrast(button_ink, button) >= 4.5, (scheme, ink, paper, button_ink, button)
        colours.append(paper)
    assert colours[0] != colours[1]
    browser.cdp("Emulation.clearDeviceMetricsOverride")
    browser.cdp("Emulation.setEmulatedMedia", features=[])


def contrast(one, other):
    lights = sorted((light(one), light(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def light(colour):
    """Relative luminance of `rgb(r, g, b)`."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1:-1].split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


STATES = [sign_in_by_keyboard, progress_and_download, failure_and_retry, waiting_and_own, unknown_things, tokens_are_renewed,
          service_away, service_away_for_a_while, sign_out_forgets, nothing_else_runs, small_and_dark]


def service(browser, told):
    browser.open(told["link"])
    browser.sign_in(told["member"]["email"], "certainly wrong")
    browser.until("a refusal", lambda: browser.text("#alert") != "")
    browser.sign_in(told["member"]["email"], told["member"]["password"])
    browser.until_text("#status", "Ready")
    assert f"{told['rows']:,}" in browser.text("dl"), browser.text("dl")
    browser.button(f"Download {told['file']}").click()
    pathlib.Path(told["copy"]).write_bytes(browser.downloaded(told["file"]))
    quiet(browser)
    print("shown: a member downloads", flush=True)
    browser.button("Sign out").click()
    browser.sign_in(told["stranger"]["email"], told["stranger"]["password"])
    browser.until_text("#alert", "There is no such export, or you may not see it.")
    assert told["file"] not in browser.text("body")
    print("shown: a stranger does not", flush=True)


if __name__ == "__main__":
    main()
