# cmake --install: the binary, the libraries of all layers behind panmodel::panmodel, the headers of
# the public interface, the CMake package and panmodel.pc. Included after all layers.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The facade: what users link. The layers are its parts.
add_library(panmodel_facade INTERFACE)
target_link_libraries(panmodel_facade INTERFACE panmodel_api)
add_library(panmodel::panmodel ALIAS panmodel_facade)
set_target_properties(panmodel_facade PROPERTIES EXPORT_NAME panmodel)
if(TARGET panmodel)
  add_executable(panmodel::cli ALIAS panmodel)
  set_target_properties(panmodel PROPERTIES EXPORT_NAME cli)
endif()

# The public headers: api/panmodel.h and every header of ours that they include.
function(panmodel_public_headers out)
  file(GLOB open CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/api/panmodel.h)
  set(seen "")
  while(open)
    list(POP_FRONT open header)
    if(header IN_LIST seen OR NOT EXISTS ${PROJECT_SOURCE_DIR}/${header})
      continue()
    endif()
    list(APPEND seen ${header})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${header})
    file(STRINGS ${PROJECT_SOURCE_DIR}/${header} lines REGEX "^ *# *include \"")
    foreach(line ${lines})
      string(REGEX REPLACE "^ *# *include \"([^\"]+)\".*" "\\1" path "${line}")
      list(APPEND open ${path})
    endforeach()
  endwhile()
  set(${out} ${seen} PARENT_SCOPE)
endfunction()

# Linker flags in the order a static link needs: each library before those it uses.
function(panmodel_visit target)
  get_property(seen GLOBAL PROPERTY PANMODEL_VISITED)
  if(target IN_LIST seen)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY PANMODEL_VISITED ${target})
  set(flag "")  # a function sees the variables of its caller
  get_target_property(imported ${target} IMPORTED)
  if(imported)
    if(target MATCHES "^panmodel_deps::(.*)")
      if(PANMODEL_${CMAKE_MATCH_1}_LIBRARY)
        set(flag -l${CMAKE_MATCH_1})
      endif()
    else()
      set(known "fmt::fmt=-lfmt" "Threads::Threads=-pthread" "ZLIB::ZLIB=-lz"
        "BZip2::BZip2=-lbz2" "LibLZMA::LibLZMA=-llzma")
      list(FILTER known INCLUDE REGEX "^${target}=")
      if(NOT known)
        message(FATAL_ERROR "cmake/install.cmake: no linker flag is known for ${target}")
      endif()
      string(REPLACE "${target}=" "" flag "${known}")
    endif()
  else()
    get_target_property(type ${target} TYPE)
    set(links "")
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      set(flag -l$<TARGET_FILE_BASE_NAME:${target}>)
      get_target_property(links ${target} LINK_LIBRARIES)
    endif()
    get_target_property(interface ${target} INTERFACE_LINK_LIBRARIES)
    foreach(link ${links} ${interface})
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
      if(TARGET ${link})
        panmodel_visit(${link})
      elseif(link AND NOT link MATCHES "-NOTFOUND$")
        message(FATAL_ERROR "cmake/install.cmake: ${target} links '${link}', which is no target")
      endif()
    endforeach()
  endif()
  get_property(flags GLOBAL PROPERTY PANMODEL_LINK_FLAGS)
  set_property(GLOBAL PROPERTY PANMODEL_LINK_FLAGS ${flag} ${flags})
endfunction()

panmodel_public_headers(headers)
foreach(header ${headers})
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/panmodel/${folder})
endforeach()
file(WRITE ${PROJECT_BINARY_DIR}/install/panmodel.h
  "#pragma once\n// The public interface of panmodel.\n#include \"api/panmodel.h\"\n")
install(FILES ${PROJECT_BINARY_DIR}/install/panmodel.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/panmodel)

get_property(layers GLOBAL PROPERTY PANMODEL_LAYERS)
install(TARGETS panmodel_facade ${layers} EXPORT panmodel
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET panmodel)
  install(TARGETS panmodel EXPORT panmodel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/panmodel)
install(EXPORT panmodel NAMESPACE panmodel:: FILE panmodel-targets.cmake DESTINATION ${package})
configure_package_config_file(cmake/panmodel-config.cmake.in
  ${PROJECT_BINARY_DIR}/install/panmodel-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/install/panmodel-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/install/panmodel-config.cmake
  ${PROJECT_BINARY_DIR}/install/panmodel-config-version.cmake
  cmake/dependencies.cmake cmake/panmodel_convert_model.cmake DESTINATION ${package})

panmodel_visit(panmodel_facade)
get_property(flags GLOBAL PROPERTY PANMODEL_LINK_FLAGS)
list(JOIN flags " " PANMODEL_PC_LIBS)
file(RELATIVE_PATH PANMODEL_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/panmodel.pc.in ${PROJECT_BINARY_DIR}/install/panmodel.pc.in @ONLY)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/install/panmodel.pc
  INPUT ${PROJECT_BINARY_DIR}/install/panmodel.pc.in)
install(FILES ${PROJECT_BINARY_DIR}/install/panmodel.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
