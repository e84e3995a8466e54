# Writes OUTPUT from INPUT with the present commit. Run at every build, since a commit changes no
# file that the build depends on; an unchanged file keeps its time and recompiles nothing.
# Variables: INPUT, OUTPUT, SOURCE_DIR, VERSION, COMPILER, FLAGS.

function(git result)
  execute_process(COMMAND git -C "${SOURCE_DIR}" ${ARGN}
                  OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE status
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    set(text "")
  endif()
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

set(GIT_HASH "unknown")
# A source archive unpacked inside someone else's repository must not report that one's commit.
git(top_level rev-parse --show-toplevel)
get_filename_component(source_dir "${SOURCE_DIR}" REALPATH)
if(top_level STREQUAL source_dir)
  git(commit rev-parse HEAD)
  git(changes status --porcelain --untracked-files=no)
  if(commit)
    set(GIT_HASH "${commit}")
    if(changes)
      string(APPEND GIT_HASH "+dirty")
    endif()
  endif()
endif()

configure_file("${INPUT}" "${OUTPUT}" @ONLY)
