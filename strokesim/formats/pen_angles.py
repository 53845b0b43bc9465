"""How a pen is held: tilt to altitude and azimuth.

Reference: Pointer Events, Level 3, W3C, "Converting between tiltX / tiltY and altitudeAngle /
azimuthAngle".
"""

from __future__ import annotations

import numpy as np


def angles_of_tilt(tilt_x: np.ndarray, tilt_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return altitude and azimuth in radians, each of the shape of the tilt.

    Parameters
    ----------
    tilt_x : ndarray
        Degrees between the plane of y and z and the pen, positive to the right, -90 to 90.
    tilt_y : ndarray
        Degrees between the plane of x and z and the pen, positive towards the writer.

    Returns
    -------
    altitude : ndarray
        0 along the surface, pi / 2 upright.
    azimuth : ndarray
        0 to the right, pi / 2 towards the writer, below 2 pi. 0 where both tilts together
        leave it open.

    Examples
    --------
    >>> angles_of_tilt(np.array([0.0, 45.0]), np.array([30.0, 0.0]))[1]
    array([1.57079633, 0.        ])
    """
    flat = (np.abs(tilt_x) == 90) | (np.abs(tilt_y) == 90)
    x, y = np.tan(np.radians(tilt_x)), np.tan(np.radians(tilt_y))
    altitude = np.where(flat, 0.0, np.arctan2(1.0, np.hypot(x, y)))
    azimuth = np.arctan2(y, x)
    azimuth = np.where(azimuth < 0, azimuth + 2 * np.pi, azimuth)
    open_angle = flat & (tilt_x != 0) & (tilt_y != 0)
    return altitude, np.where(open_angle, 0.0, azimuth)
