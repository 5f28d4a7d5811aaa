# LibTorch as one imported target, `LibTorch`, from the unpacked PyPI wheel or any LibTorch of the same version.
#
# The wheel's own CMake config is not used: it stops without a CUDA toolkit and changes global flags. Only the CPU
# libraries are linked; libtorch_cuda.so is loaded at run time (core/device.cpp), so that one program serves every machine.

set(ZEROPOINT_LIBTORCH "" CACHE PATH "Folder that holds LibTorch's include/ and lib/ (tools/setup finds or installs one)")

if(NOT ZEROPOINT_LIBTORCH AND DEFINED ENV{ZEROPOINT_LIBTORCH})
  set(ZEROPOINT_LIBTORCH "$ENV{ZEROPOINT_LIBTORCH}")
endif()
if(NOT ZEROPOINT_LIBTORCH)
  if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
    set(cache "$ENV{XDG_CACHE_HOME}/zeropoint")
  else()
    set(cache "$ENV{HOME}/.cache/zeropoint")
  endif()
  # The order of tools/setup: the user's own, the full wheel, the lite one.
  foreach(variant own 2.11.0-cuda 2.11.0-cpu)
    if(EXISTS "${cache}/libtorch-${variant}/torch/lib/libtorch_cpu.so")
      set(ZEROPOINT_LIBTORCH "${cache}/libtorch-${variant}/torch")
      break()
    endif()
  endforeach()
endif()
if(NOT EXISTS "${ZEROPOINT_LIBTORCH}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "No LibTorch at '${ZEROPOINT_LIBTORCH}': run tools/setup, or set ZEROPOINT_LIBTORCH to a folder "
                      "with include/ and lib/libtorch_cpu.so")
endif()
message(STATUS "LibTorch: ${ZEROPOINT_LIBTORCH}")

add_library(LibTorch INTERFACE)
target_compile_definitions(LibTorch INTERFACE AT_PER_OPERATOR_HEADERS)  # a tensor header costs 1.3 s, all of ATen 5
# The wheel carries headers of other libraries too (fmt 12, say): searched last, so that Debian's are the ones in use.
target_compile_options(LibTorch INTERFACE
  "SHELL:-idirafter ${ZEROPOINT_LIBTORCH}/include" "SHELL:-idirafter ${ZEROPOINT_LIBTORCH}/include/torch/csrc/api/include")
# As flags, not as files: CMake would warn on every target that LibTorch's libgomp hides g++'s, which is what is wanted
# (the same soname: one OpenMP runtime for both).
target_link_libraries(LibTorch INTERFACE "-L${ZEROPOINT_LIBTORCH}/lib" -ltorch_cpu -lc10)
target_link_options(LibTorch INTERFACE -Wl,--allow-shlib-undefined "-Wl,-rpath,${ZEROPOINT_LIBTORCH}/lib")
