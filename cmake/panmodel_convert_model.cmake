# panmodel_convert_model(TARGET name FROM model TO format
#                        [OUTPUT file] [VERIFY rows.csv] [OPTIONS option...])
#
# Converts a model while building, again whenever the model, the rows or panmodel change.
#   TARGET   a new target, built by default; or one that exists, which then depends on the conversion
#   FROM     the model, relative to the current source directory
#   TO       the format, as `panmodel convert --to` names it
#   OUTPUT   the file to write, relative to the current binary directory; <stem of FROM>.<TO> if absent
#   VERIFY   rows of data: the build fails unless both models predict the same on them, in addition
#            to the self-check of every conversion
#   OPTIONS  further options of `panmodel convert`
# The file appears only when every check passed. The target's property PANMODEL_MODEL names it.
function(panmodel_convert_model)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;FROM;TO;OUTPUT;VERIFY" "OPTIONS")
  foreach(name TARGET FROM TO)
    if(NOT arg_${name})
      message(FATAL_ERROR "panmodel_convert_model: ${name} is missing")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "panmodel_convert_model: unknown arguments '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  cmake_path(ABSOLUTE_PATH arg_FROM BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  if(NOT arg_OUTPUT)
    cmake_path(GET arg_FROM STEM LAST_ONLY stem)
    set(arg_OUTPUT ${stem}.${arg_TO})
  endif()
  cmake_path(ABSOLUTE_PATH arg_OUTPUT BASE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} NORMALIZE)
  cmake_path(GET arg_OUTPUT FILENAME name)
  cmake_path(GET arg_OUTPUT PARENT_PATH folder)

  # Written under another name first: a file that failed a check must not look up to date.
  set(unchecked ${folder}/unchecked-${name})
  set(verify "")
  if(arg_VERIFY)
    cmake_path(ABSOLUTE_PATH arg_VERIFY BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    set(verify COMMAND panmodel::cli compare ${arg_FROM} ${unchecked} --data ${arg_VERIFY} -q)
  endif()
  add_custom_command(OUTPUT ${arg_OUTPUT}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND panmodel::cli convert ${arg_FROM} ${unchecked} --to ${arg_TO} --force -q ${arg_OPTIONS}
    ${verify}
    COMMAND ${CMAKE_COMMAND} -E rename ${unchecked} ${arg_OUTPUT}
    DEPENDS ${arg_FROM} ${arg_VERIFY} panmodel::cli $<TARGET_FILE:panmodel::cli>
    COMMENT "Converting ${name}"
    VERBATIM)
  if(TARGET ${arg_TARGET})
    string(MAKE_C_IDENTIFIER ${name} suffix)
    add_custom_target(${arg_TARGET}_${suffix} DEPENDS ${arg_OUTPUT})
    add_dependencies(${arg_TARGET} ${arg_TARGET}_${suffix})
  else()
    add_custom_target(${arg_TARGET} ALL DEPENDS ${arg_OUTPUT})
  endif()
  set_property(TARGET ${arg_TARGET} APPEND PROPERTY PANMODEL_MODEL ${arg_OUTPUT})
endfunction()
