# Writes OUTPUT with the version, the commit of SOURCE and the build type; touches it only when something changed.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown commit")
endif()
file(WRITE ${OUTPUT}.new "#define BITSWEEP_VERSION \"${VERSION} (${commit})\"\n#define BITSWEEP_BUILD \"${BUILD}\"\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
