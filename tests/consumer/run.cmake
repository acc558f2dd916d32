# Installs the build to an empty prefix, moves the prefix (a package must not remember where it was
# built), and builds the project against it in both ways.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "'${command}' ended with ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${WORK}/prefix)

# No installed text may name the source or the build tree.
file(GLOB_RECURSE texts ${WORK}/prefix/*.cmake ${WORK}/prefix/*.pc ${WORK}/prefix/*.h)
foreach(text ${texts})
  file(READ ${text} content)
  string(FIND "${content}" "${BUILD}" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "${text} names the build tree")
  endif()
endforeach()

run(${CMAKE_COMMAND} -S ${PROJECT} -B ${WORK}/build -G Ninja -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_CXX_COMPILER=${CXX} -DMODELS=${TESTDATA})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${CMAKE_COMMAND} --build ${WORK}/build)
if(NOT output MATCHES "no work to do")
  message(FATAL_ERROR "a second build converts again:\n${output}")
endif()
run(${WORK}/build/consumer ${WORK}/build/model.onnx)

# The programs of docs/library.md, against the same package. What validate.cc expects are the recorded
# predictions under the names of ONNX.
file(COPY ${TESTDATA}/pickle/forest.pkl ${TESTDATA}/pickle/rows.csv DESTINATION ${WORK}/models)
file(READ ${TESTDATA}/pickle/forest.expected.csv recorded)
string(REPLACE "predict_proba:" "probabilities:" recorded "${recorded}")
string(REGEX REPLACE "^predict," "label," recorded "${recorded}")
file(WRITE ${WORK}/models/recorded.csv "${recorded}")
run(${CMAKE_COMMAND} -S ${EXAMPLES} -B ${WORK}/examples -G Ninja -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_CXX_COMPILER=${CXX} -DMODELS=${WORK}/models)
run(${CMAKE_COMMAND} --build ${WORK}/examples)
run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/examples --output-on-failure)
if(NOT EXISTS ${WORK}/examples/forest.xml)
  message(FATAL_ERROR "validate.cc wrote no report")
endif()
run(${WORK}/examples/embed ${WORK}/models/forest.pkl)
string(FIND "${output}" "row 0 is mid\nrow 1 is low\n" at)
if(NOT at EQUAL 0)
  message(FATAL_ERROR "embed.cc printed\n${output}")
endif()
file(READ ${DOC} document)
foreach(program CMakeLists.txt convert.cc validate.cc embed.cc)
  file(READ ${EXAMPLES}/${program} text)
  string(FIND "${document}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "docs/library.md does not show ${program} as it is")
  endif()
endforeach()

# pkg-config, from wherever the library directory is.
file(GLOB_RECURSE pc ${WORK}/prefix/*/panmodel.pc)
get_filename_component(folder "${pc}" DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${folder})
run(pkg-config --cflags --libs panmodel)
string(STRIP "${output}" flags)
separate_arguments(flags UNIX_COMMAND "${flags}")
set(sanitize "")
if(SANITIZE)
  set(sanitize -fsanitize=${SANITIZE})
endif()
run(${CXX} -std=c++20 ${PROJECT}/consumer.cc -o ${WORK}/consumer ${flags} ${sanitize})
run(${WORK}/consumer ${WORK}/build/model.onnx)
