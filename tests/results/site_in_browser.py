"""What a reader of the report sees and does, in a headless Chromium.

site_in_browser.py BITSWEEP FOLDER [PICTURES]: FOLDER holds nights.sqlite; screenshots go into the folder PICTURES.
"""
import pathlib
import sqlite3
import subprocess
import sys
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

HOSTILE = """<img src=x onerror="window.hacked=1"></script><script>window.hacked=2</script>{{data}}'"&amp;"""

bitsweep, folder, pictures = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""
site = folder / "site"


def add_hostile_names():
    """All texts of one model, its layers, notes, evidence and machine are markup."""
    database = sqlite3.connect(folder / "nights.sqlite")
    database.execute("update runs set model = ?, canonical = ? where model = 'vgg16'", (HOSTILE, f"model={HOSTILE}"))
    database.execute("update steps set name = ? || id, implementation = ? where id % 3 = 0", (HOSTILE, HOSTILE))
    database.execute("update notes set note = ?", (HOSTILE,))
    database.execute("update evidence set value = ? where name = 'clock'", (HOSTILE,))
    database.execute("update machines set host = ?", (HOSTILE,))
    database.commit()


def open_browser():
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-prefers-reduced-motion"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("chromedriver"), options=options)


# How many of a canvas's pixels are not transparent.
INK = """const context = arguments[0].getContext("2d");
return context.getImageData(0, 0, arguments[0].width, arguments[0].height).data.filter((value, i) => i % 4 === 3 && value > 0).length;"""


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        add_hostile_names()
        subprocess.run([bitsweep, "report", "--db", folder / "nights.sqlite", "--out", site], check=True, capture_output=True)
        cls.browser = open_browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def open(self, page, width=1280, height=900):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.browser.get("about:blank")
        self.browser.get((site / page).as_uri())

    def tearDown(self):
        errors = [entry for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
        self.assertEqual(errors, [])

    def find(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition):
        return WebDriverWait(self.browser, 30).until(lambda _: condition())

    def assert_drawn(self, selector):
        canvas = self.wait(lambda: next(iter(self.find(f"{selector} canvas")), None))
        self.wait(lambda: self.browser.execute_script(INK, canvas) > 500)
        return canvas

    def page_of(self, beginning):
        return next(path.name for path in sorted(site.glob("model-*.html")) if path.name.startswith(beginning))

    def picture(self, name):
        if pictures:
            self.browser.save_screenshot(f"{pictures}/{name}.png")

    def test_first_screen_says_what_is_wrong_and_why(self):
        self.open("index.html")
        verdict = self.one(".verdict")
        self.assertRegex(verdict.text, r"\d+ runs regressed, 1 run no longer ok")
        self.assertLess(verdict.rect["y"], 300)
        self.assertIn("oneDNN: 2.6.3 → 3.7.2", self.one(".causes").text)
        self.assertLess(self.one(".causes").rect["y"], 500)
        self.assertIn("killed by signal 11", self.one("#nights").text)
        self.assert_drawn(".card .trend")
        self.picture("overview-light")

    def test_charts_are_drawn_and_have_their_numbers(self):
        self.open("index.html")
        self.assert_drawn("#front")
        details = self.one("#front details.numbers")
        details.find_element(By.TAG_NAME, "summary").click()
        self.wait(lambda: len(details.find_elements(By.TAG_NAME, "tr")) > 3)
        self.assertGreater(len(self.find("#heat td strong")), 10)
        self.open(self.page_of("model-resnet50"))
        self.assert_drawn("#trends")
        self.assert_drawn("#accuracy")
        for canvas in self.find("canvas"):
            self.assertTrue(canvas.get_attribute("aria-label"))
            self.assertTrue(canvas.find_elements(By.XPATH, "ancestor::div[2]/details[@class='numbers']"))

    def test_filters(self):
        self.open(self.page_of("model-resnet50"))
        self.assertEqual(self.one("#count").text, "70 runs")
        self.one("#filter").send_keys("int8 batch 16")
        rows = [row.text for row in self.find("#table tbody tr")]
        self.assertTrue(rows)
        self.assertTrue(all(row.startswith("int8") for row in rows))
        self.assertEqual(self.one("#count").text, f"{len(rows)} of 70 runs")
        self.assertEqual(len(self.find("#runs > details")), len(rows))
        self.one("#filter").clear()
        self.one("#filter").send_keys(Keys.SPACE)
        Select(self.one("#outcome")).select_by_value("failed")
        self.assertEqual(len(self.find("#table tbody tr")), 1)
        self.open("index.html")
        self.one("#filter").send_keys("resnet18")
        self.assertEqual(self.one("#count").text, "1 of 4 models")
        self.open("regressions.html")
        before = len(self.find("#nights .card"))
        self.one("#filter").send_keys("resnet18")
        self.assertTrue(0 < len(self.find("#nights .card")) < before)

    def test_evidence_shows_what_ran_layer_by_layer(self):
        self.open(self.page_of("model-resnet18"))
        self.one("#table tbody tr:nth-child(2) a").click()
        run = self.wait(lambda: next(iter(self.find("details.run[open] .layers tbody tr")), None)).find_element(By.XPATH, "ancestor::details[1]")
        self.assertGreater(len(run.find_elements(By.CSS_SELECTOR, ".layers tbody tr")), 20)
        self.assertIn("share", run.find_element(By.CSS_SELECTOR, ".layers thead").text)
        self.assert_drawn("details.run[open] .samples")
        self.assertIn("--only", run.text)

    def test_pointer_shows_date_commit_and_environment(self):
        self.open(self.page_of("model-resnet50"))
        canvas = self.assert_drawn("#trends")
        canvas.send_keys(Keys.END)
        spoken = canvas.find_element(By.XPATH, "ancestor::div[2]/p[@aria-live]").get_attribute("textContent")
        self.assertRegex(spoken, r"2026-02-09 02:00 UTC, session 40.*bitsweep 0\.1\.0 \(.*oneDNN 3\.7\.2.*changed: libraries")
        canvas.send_keys(Keys.ARROW_LEFT)
        self.assertRegex(canvas.find_element(By.XPATH, "ancestor::div[2]/p[@aria-live]").get_attribute("textContent"), r"session 39.*ms \(.* to .*oneDNN 2\.6\.3")

    def test_hostile_names_are_text(self):
        page = self.page_of("model--img")
        for name in ("index.html", "regressions.html", "machines.html", page):
            self.open(name)
            self.wait(lambda: self.find("td"))
            self.assertEqual(self.browser.execute_script("return [window.hacked ?? 0, document.images.length]"), [0, 0])
        self.assertEqual(self.one("h1").get_attribute("textContent"), HOSTILE)
        self.one("#runs > details:nth-child(3) > summary").click()
        self.wait(lambda: self.find("details.run[open] .layers"))
        self.assertIn(HOSTILE, self.one("details.run[open]").get_attribute("textContent"))
        self.assertEqual(self.browser.execute_script("return [window.hacked ?? 0, document.images.length]"), [0, 0])

    def test_light_and_dark(self):
        self.open("index.html")
        canvas = self.assert_drawn("#front")
        background = "return getComputedStyle(document.body).backgroundColor"
        self.assertEqual(self.browser.execute_script(background), "rgb(255, 255, 255)")
        for _ in range(2):
            self.one("#theme").click()
        self.assertEqual(self.one("#theme").text, "Theme: dark")
        self.assertEqual(self.browser.execute_script(background), "rgb(18, 22, 28)")
        self.assertGreater(self.browser.execute_script(INK, canvas), 500)
        self.picture("overview-dark")
        self.one("#theme").click()
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.wait(lambda: self.browser.execute_script(background) == "rgb(18, 22, 28)")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def test_keyboard(self):
        self.open("index.html")
        body = self.one("body")
        body.send_keys(Keys.TAB)
        active = self.browser.switch_to.active_element
        self.assertEqual(active.text, "Skip to the content")
        self.assertNotEqual(active.value_of_css_property("outline-style"), "none")
        self.open(self.page_of("model-mlp"))
        heading = self.one("#table th button")
        heading.send_keys(Keys.ENTER)
        self.assertEqual(self.one("#table th").get_attribute("aria-sort"), "ascending")

    def test_phone(self):
        for page in ("index.html", "regressions.html", "machines.html", self.page_of("model-resnet50")):
            self.open(page, 390, 844)
            self.wait(lambda: self.find("td"))
            self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), 390, page)
        self.browser.execute_script("arguments[0].scrollIntoView()", self.one("#trends"))
        self.assert_drawn("#trends")
        self.picture("model-phone")

    def test_print(self):
        self.open(self.page_of("model-resnet18"))
        self.assert_drawn("#trends")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        self.assertFalse(self.one("nav").is_displayed())
        self.assertFalse(self.one("#controls").is_displayed())
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        self.assertGreater(len(self.browser.execute_cdp_cmd("Page.printToPDF", {})["data"]), 50_000)

    def test_nothing_is_loaded_from_elsewhere_and_inline_scripts_are_refused(self):
        self.open("index.html")
        self.assert_drawn("#front")
        names = self.browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        self.assertTrue(all(name.startswith("file:") or name.startswith("data:") for name in names), names)
        self.browser.execute_script("""const script = document.createElement("script");
            script.textContent = "window.hacked = 3";
            document.body.append(script);
            document.body.append(Object.assign(document.createElement("img"), {src: "https://example.invalid/x.png"}));""")
        self.assertIsNone(self.browser.execute_script("return window.hacked"))
        refused = self.wait(lambda: [entry for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"])
        self.assertTrue(all("Content Security Policy" in entry["message"] for entry in refused), refused)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
