"""Devices folded to a small set."""

import pytest

from listens.rows.platforms import PLATFORMS, folded


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("android", "android"),
        ("Android OS 11 API 30 (Xiaomi, 21061119BI)", "android"),
        ("iOS 12.1 (iPhone10,4)", "ios"),
        ("ios", "ios"),
        ("Windows 10 (10.0.17134; x64)", "windows"),
        ("windows", "windows"),
        ("OS X 10.14.6 [x86 8]", "macos"),
        ("mac", "macos"),
        ("Linux [x86-64 0]", "linux"),
        ("WebPlayer (websocket RFC6455)", "web"),
        ("web player", "web"),
        ("web_player windows 10;chrome 98.0.4758.102;desktop", "web"),
        ("cast to device", "speaker"),
        ("Partner sonos_ppc Sonos;Play1", "speaker"),
        ("Partner amazon_fireos Amazon;Echo_Dot;;tpapi", "speaker"),
        ("Partner google cast_tv;Chromecast;;tpapi", "tv"),
        ("Partner android_tv Sony;BRAVIA 4K;;tpapi", "tv"),
        ("Partner webos_tv LG;2018 webOS TV", "tv"),
        ("Partner scei sony_tv;ps4;abc;;tpapi", "console"),
        ("Partner ps5 Sony;PS5", "console"),
        ("Garmin watch", "watch"),
        ("Android Auto", "car"),
        ("Toaster 3000", "other"),
    ],
)
def test_a_platform_is_folded_by_what_the_device_is_used_as(raw, expected):
    assert folded(raw) == expected
    assert expected in PLATFORMS
