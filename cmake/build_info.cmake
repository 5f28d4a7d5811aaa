# Writes which commit is being built, at every build; the file changes, and with it the program, only when the answer does:
#   cmake -D SOURCE=folder -D VERSION=0.1.0 -D OUTPUT=build_info.cpp -P build_info.cmake

set(commit unknown)
execute_process(COMMAND git rev-parse --show-toplevel WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE top
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
file(REAL_PATH "${SOURCE}" source)
# An archive unpacked inside another repository is not that repository's commit.
if(status EQUAL 0 AND top STREQUAL source)
  execute_process(COMMAND git rev-parse --short=12 HEAD WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE head
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(status EQUAL 0)
    execute_process(COMMAND git --no-optional-locks status --porcelain --untracked-files=no
                    WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE changes)
    set(commit "${head}")
    if(changes)
      string(APPEND commit "-dirty")
    endif()
  endif()
endif()

set(text "#include \"core/build_info.hpp\"

namespace zeropoint {

const BuildInfo& build_info() {
  static const BuildInfo info{\"${VERSION}\", \"${commit}\"};
  return info;
}

}  // namespace zeropoint
")
set(before "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" before)
endif()
if(NOT text STREQUAL before)
  file(WRITE "${OUTPUT}" "${text}")
endif()
