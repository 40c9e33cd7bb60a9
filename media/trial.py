"""A second of film from nothing, to see whether the encoder works here; runs only in a child process."""

from __future__ import annotations

from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

_SIDE, _RATE, _SOUND_RATE, _SOUND_FRAME = 128, 12, 48_000, 1024


def trial(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Write an MP4 (H.264, AAC) to {path}; answers nothing."""
    with av.open(arguments["path"], "w", format="mp4") as out:
        pictures = out.add_stream("libx264", rate=_RATE)
        pictures.width = pictures.height = _SIDE
        pictures.pix_fmt = "yuv420p"
        sound = out.add_stream("aac", rate=_SOUND_RATE)
        for number in range(_RATE):
            frame = VideoFrame(_SIDE, _SIDE, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([(number * 20 + plane.line_size) % 256]) * plane.buffer_size)
            frame.pts = number
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode(None))
        for number in range(_SOUND_RATE // _SOUND_FRAME):
            silence = AudioFrame("fltp", "mono", _SOUND_FRAME)
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            silence.sample_rate, silence.pts = _SOUND_RATE, number * _SOUND_FRAME
            out.mux(sound.encode(silence))
        out.mux(sound.encode(None))
    return {}, b""
