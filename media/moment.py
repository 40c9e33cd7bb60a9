"""How one moment of a film becomes a picture; runs only in a child process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageStat

from domain.faults import BadFilm

from .reel import moving, open_film, span
from .upright import Upright

#: A PNG larger than this, in bytes, becomes a JPEG that can hardly be told from it.
PNG_MAX = 8_000_000
#: Bicubic, with colours of every pixel worked out in full. Source: libswscale/swscale.h, SWS_*
_CAREFUL = 4 | 0x2000 | 0x4000 | 0x40000
#: "Nothing said" among the codes of ISO/IEC 23091-4 that FFmpeg uses for colours.
_UNSAID = 2
#: A still whose brightness varies less than this (0-127) shows nothing: black, white, the middle of a fade.
_FLAT = 10.0
#: Shares of the film that are looked at when the wanted still shows nothing.
_ELSEWHERE = (0.25, 0.5, 0.75)


def last(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer the last frame of {path}: a PNG, or a JPEG where that would be very large."""
    with open_film(Path(arguments["path"])) as film:
        stream = moving(film)
        span(film, stream)
        picture = _picture(_last_frame(film, stream))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=4)
    if out.tell() > PNG_MAX:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=95, subsampling=0)
    return {"width": picture.width, "height": picture.height}, out.getvalue()


def still(arguments: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a JPEG of {path} at the share {at} of its length, no side longer than {max_side}."""
    with open_film(Path(arguments["path"])) as film:
        stream = moving(film)
        first, seconds = span(film, stream)
        pictures = (
            _picture(_frame_at(film, stream, float(first + seconds * int(share * 1000) / 1000)))
            for share in (arguments["at"], *_ELSEWHERE)
        )
        picture = _telling(pictures)
    picture.thumbnail((arguments["max_side"], arguments["max_side"]), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88, optimize=True)
    return {"width": picture.width, "height": picture.height}, out.getvalue()


def _telling(pictures: Iterator[Image.Image]) -> Image.Image:
    """The first picture that shows something; of pictures that all show nothing, the one that varies most."""
    best = next(pictures)
    most = _variety(best)
    while most < _FLAT and (other := next(pictures, None)):
        if _variety(other) > most:
            best, most = other, _variety(other)
    return best


def _variety(picture: Image.Image) -> float:
    return ImageStat.Stat(picture.convert("L")).stddev[0]


def _last_frame(film: InputContainer, stream: VideoStream) -> VideoFrame:
    """The frame shown last: it comes after the last whole picture, so the rest need not be decoded."""
    end = (stream.start_time or 0) + (stream.duration or 0)
    # A film without an index that can be used is decoded from its beginning.
    found = (_latest(film, stream, end) if end > 0 else None) or _latest(film, stream, 0)
    if found is None:
        raise BadFilm("film_not_video", how="no frame")
    return found


def _latest(film: InputContainer, stream: VideoStream, since: int) -> VideoFrame | None:
    """Of the frames decoded from the whole picture before `since` (in the stream's ticks) on, the one shown last."""
    found: VideoFrame | None = None
    for frame in _decoded(film, stream, since):
        if found is None or frame.pts is None or found.pts is None or frame.pts >= found.pts:
            found = frame
    return found


def _frame_at(film: InputContainer, stream: VideoStream, seconds: float) -> VideoFrame:
    """The frame that is shown at a moment; the last one before it where none is."""
    base = stream.time_base
    wanted = int(seconds / base) if base else 0
    found: VideoFrame | None = None
    for frame in _decoded(film, stream, wanted):
        if found is not None and frame.pts is not None and frame.pts > wanted:
            break
        found = frame
    return found or _last_frame(film, stream)


def _decoded(film: InputContainer, stream: VideoStream, since: int) -> Iterator[VideoFrame]:
    try:
        film.seek(since, stream=stream)
        yield from film.decode(stream)
    except FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise BadFilm("film_not_video", how=type(error).__name__) from None


def _picture(frame: VideoFrame) -> Image.Image:
    """The frame as a viewer sees it: upright, in the colours that the film says it has."""
    upright = Upright()(frame)
    space = upright.colorspace
    if space == _UNSAID and min(upright.width, upright.height) >= 720:
        # Players take a film of this size that says nothing for one in HD's colours.
        space = int(Colorspace.ITU709)
    full = upright.color_range == ColorRange.JPEG or upright.format.name.startswith("yuvj")
    return upright.to_image(
        src_colorspace=space,
        dst_colorspace=int(Colorspace.DEFAULT),
        src_color_range=int(ColorRange.JPEG if full else ColorRange.MPEG),
        dst_color_range=int(ColorRange.MPEG),
        interpolation=_CAREFUL,
    )
