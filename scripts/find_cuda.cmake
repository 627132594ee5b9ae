# The CUDA backend's compiler, headers and libraries, or in words what is missing. Defines BITSWEEP_CUDA_FOUND and
# the target cuda_libraries.
set(BITSWEEP_CUDA AUTO CACHE STRING "Build the CUDA backend: ON (an error if something is missing), OFF, or AUTO (if all is there)")
set_property(CACHE BITSWEEP_CUDA PROPERTY STRINGS AUTO ON OFF)
set(BITSWEEP_CUDA_ROOT ${PROJECT_SOURCE_DIR}/.cuda CACHE PATH
    "Where scripts/install-cuda-headers installed cuBLAS, cuDNN and cudnn-frontend; PyTorch's site-packages serve too")
set(BITSWEEP_CUDA_FOUND OFF)
if(NOT BITSWEEP_CUDA)
  message(STATUS "CUDA: off, as asked for")
  return()
endif()

set(missing)
include(CheckLanguage)
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80-real 86-real 89-real 90)  # later ones translate the last
endif()
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 knows no 20 for nvcc
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # linked by name below, where the C++ linker finds it
  find_package(CUDAToolkit QUIET)
  if(NOT TARGET CUDA::cudart_static)
    list(APPEND missing "the CUDA runtime (cuda-cudart-dev)")
  elseif(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.4)
    list(APPEND missing "CUDA 12.4 or later (this is ${CMAKE_CUDA_COMPILER_VERSION})")
  endif()
else()
  list(APPEND missing "nvcc (cuda-nvcc)")
endif()

# Wheels keep the version in the library's name and have no link without it.
set(places ${BITSWEEP_CUDA_ROOT}/nvidia/cudnn ${BITSWEEP_CUDA_ROOT}/nvidia/cu13 ${BITSWEEP_CUDA_ROOT}/nvidia/cublas
           ${BITSWEEP_CUDA_ROOT} ${CUDAToolkit_LIBRARY_ROOT})
find_path(CUDNN_INCLUDE_DIR cudnn_graph.h HINTS ${places} PATH_SUFFIXES include)
find_library(CUDNN_LIBRARY NAMES libcudnn.so.9 cudnn HINTS ${places} PATH_SUFFIXES lib lib64)
find_path(CUBLASLT_INCLUDE_DIR cublasLt.h HINTS ${places} ${CUDAToolkit_INCLUDE_DIRS} PATH_SUFFIXES include)
find_library(CUBLASLT_LIBRARY NAMES libcublasLt.so.13 libcublasLt.so.12 cublasLt
             HINTS ${places} ${CUDAToolkit_LIBRARY_DIR} PATH_SUFFIXES lib lib64)
find_path(CUDNN_FRONTEND_INCLUDE_DIR cudnn_frontend.h HINTS ${places} PATH_SUFFIXES include)
foreach(part CUDNN_INCLUDE_DIR CUDNN_LIBRARY CUBLASLT_INCLUDE_DIR CUBLASLT_LIBRARY CUDNN_FRONTEND_INCLUDE_DIR)
  if(NOT ${part})
    list(APPEND missing ${part})
  endif()
endforeach()

if(missing)
  string(REPLACE ";" ", " missing "${missing}")
  if(BITSWEEP_CUDA STREQUAL AUTO)
    message(STATUS "CUDA: off, not found: ${missing}; scripts/install-cuda-headers installs cuBLAS and cuDNN")
    return()
  endif()
  message(FATAL_ERROR "CUDA: not found: ${missing}; right is to install them (scripts/install-cuda-headers), "
                      "or -DBITSWEEP_CUDA=OFF")
endif()

message(STATUS "CUDA: on, ${CMAKE_CUDA_COMPILER_VERSION}, ${CUDNN_LIBRARY}, ${CUBLASLT_LIBRARY}")
set(BITSWEEP_CUDA_FOUND ON)
add_library(cuda_libraries INTERFACE)
target_include_directories(cuda_libraries SYSTEM INTERFACE
  ${CUDNN_INCLUDE_DIR} ${CUBLASLT_INCLUDE_DIR} ${CUDNN_FRONTEND_INCLUDE_DIR} ${CUDAToolkit_INCLUDE_DIRS})
target_link_libraries(cuda_libraries INTERFACE ${CUDNN_LIBRARY} ${CUBLASLT_LIBRARY} CUDA::cudart_static)
