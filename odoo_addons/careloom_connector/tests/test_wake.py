# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64

from odoo.tests import BaseCase, tagged

from ..wake import Waker, is_web, send, signature

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


@tagged("post_install", "-at_install")
class TestWake(BaseCase):
    def setUp(self):
        super().setUp()
        self.sent, self.waits, self.now = [], [], 100.0
        self.waker = Waker(lambda url, _: self.sent.append(url), lambda: self.now, self.wait)

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def notify(self, url="https://hub.example.org/wake"):
        thread = self.waker.notify("db", url, SECRET)
        if thread:
            thread.join()

    def test_the_first_call_goes_at_once_and_the_next_a_second_later(self):
        self.notify()
        self.now += 0.25
        self.notify()
        self.assertEqual(len(self.sent), 2)
        self.assertEqual(self.waits, [0.75])

    def test_one_that_waits_stands_for_all_that_follow(self):
        self.waker._waiting.add("db")
        self.assertIsNone(self.waker.notify("db", "https://hub.example.org", SECRET))

    def test_only_the_web_is_called(self):
        for url in ("ftp://hub.example.org", "file:///etc/hosts", "//hub.example.org", "https://", "http://[", None):
            self.assertFalse(is_web(url))
            self.assertIsNone(self.waker.notify("db", url, SECRET))

    def test_the_signature_is_that_of_standard_webhooks(self):
        # The example of the specification's own libraries.
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}')
        self.assertEqual(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")

    def test_what_goes_wrong_is_only_logged(self):
        for url, secret in (("http://127.0.0.1:9/wake", SECRET), ("http://127.0.0.1:9/wake", "whsec_?")):
            with self.assertLogs("odoo.addons.careloom_connector.wake", "WARNING") as logged:
                send(url, secret)
            self.assertNotIn("127.0.0.1", logged.output[0])
