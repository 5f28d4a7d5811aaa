// The headers that CMake has parsed for this file serve all rooms.
