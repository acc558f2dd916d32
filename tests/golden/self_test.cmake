# Test of the golden runner: a right file passes, a wrong one fails, --accept repairs it and keeps
# the rest, malformed files are refused with their line.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/data)

function(expect code file)
  execute_process(COMMAND ${RUNNER} --testdata ${WORK}/data ${ARGN} ${WORK}/${file}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL code)
    message(FATAL_ERROR "${file}: exit ${code} expected, ${result} found\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(right [=[
a comment
# FILE in/rows.csv
a,b
\# not a directive
\\ one backslash
# RUN: cat in/rows.csv; echo %D %S; pwd
# OUT
a,b
\# not a directive
\\ one backslash
%D %S
%T
# RUN: printf 'no end'; echo problem >&2; exit 3
# EXIT: 3
# OUT
no end
# NOEOL
# ERR
problem
]=])
file(WRITE ${WORK}/right.test "${right}")
expect(0 right.test)

string(REPLACE "a,b\n\\# not a directive\n\\\\ one backslash\n%D" "other\n%D" wrong "${right}")
string(REPLACE "# EXIT: 3" "# EXIT: 4" wrong "${wrong}")
file(WRITE ${WORK}/wrong.test "${wrong}")
expect(1 wrong.test)
if(NOT output MATCHES "exit code 4 expected, 3 found" OR NOT output MATCHES "  -other\n")
  message(FATAL_ERROR "the differences are not shown:\n${output}")
endif()
expect(0 wrong.test --accept)
file(READ ${WORK}/wrong.test accepted)
if(NOT accepted STREQUAL right)
  message(FATAL_ERROR "--accept wrote\n${accepted}\ninstead of\n${right}")
endif()

file(WRITE ${WORK}/empty.test "only a comment\n")
expect(1 empty.test)
file(WRITE ${WORK}/word.test "# RUN: true\n# OUTPUT\n")
expect(1 word.test)
if(NOT output MATCHES "line 2: unknown directive")
  message(FATAL_ERROR "the place of a malformed line is not named:\n${output}")
endif()
file(WRITE ${WORK}/crash.test "# RUN: kill -SEGV $$\n# EXIT: 139\n")
expect(0 crash.test)
set(ENV{PANMODEL_CORPUS} "")
file(WRITE ${WORK}/corpus.test "# REQUIRES: corpus\n# RUN: false\n")
expect(77 corpus.test)
