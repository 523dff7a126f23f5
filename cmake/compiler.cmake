# One set of warnings for all our code; a warning is an error.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(spheregate_warnings INTERFACE)
target_compile_options(spheregate_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms: on the frames of Asio's coroutines, on fences that TSan does not model, and on inlined std::string
  # concatenation (g++ 12).
  target_compile_options(spheregate_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete> -Wno-tsan -Wno-restrict)
endif()

if(SPHEREGATE_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The instrumentation hides from g++ what is initialized (std::regex and std::function, among others).
    target_compile_options(spheregate_warnings INTERFACE -Wno-maybe-uninitialized)
  endif()
  add_compile_options(-fsanitize=${SPHEREGATE_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${SPHEREGATE_SANITIZE})
  if(SPHEREGATE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      add_compile_options(-fno-sanitize=function)
      add_link_options(-fno-sanitize=function)
    endif()
  endif()
endif()
if(SPHEREGATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
