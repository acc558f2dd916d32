# panmodel_layer(target): the flags and the include root that every library of panmodel shares.
# Sums keep their order and their rounding: no contraction to fused multiply-add, no fast-math.
# Static libraries outside of tests and bench are also installed (cmake/install.cmake).
function(panmodel_layer target)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:include> $<INSTALL_INTERFACE:include/panmodel>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wno-missing-field-initializers -Wconversion -Wshadow -Werror -ffp-contract=off)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 sees overlaps and overflows in std::string that are not there (its bug 105651); what its
    # flow analysis believes at -O3 and under sanitizers is said, but does not stop the build.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-error=array-bounds
      -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow -Wno-error=stringop-overread
      -Wno-error=free-nonheap-object -Wno-error=null-dereference -Wno-error=nonnull)
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # clang's -Wshadow also warns of enumerators and constructor parameters, gcc's does not.
    target_compile_options(${target} PRIVATE -Wno-shadow -Wno-error)
  endif()
  if(PANMODEL_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${PANMODEL_SANITIZE}
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${PANMODEL_SANITIZE})
  endif()
  get_target_property(type ${target} TYPE)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  if(type STREQUAL "STATIC_LIBRARY" AND NOT folder MATCHES "^(tests|bench)(/|$)")
    set_property(GLOBAL APPEND PROPERTY PANMODEL_LAYERS ${target})
  endif()
endfunction()
