# Writes the files of the status page as C++, each with an entity tag made of what is in it.
#   cmake -DFOLDER=src/ops/page -DOUTPUT=page_files.cpp -P embed_page.cmake
cmake_minimum_required(VERSION 3.25)
set(contents "")
set(rows "")

function(embed path name type)
  file(READ ${FOLDER}/${name} bytes HEX)
  if(bytes STREQUAL "")
    message(FATAL_ERROR "${FOLDER}/${name} is empty")
  endif()
  file(SHA256 ${FOLDER}/${name} digest)
  string(SUBSTRING ${digest} 0 32 tag)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND contents "constexpr char ${identifier}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${path}\", \"${type}\", {${identifier}, sizeof ${identifier}}, \"\\\"${tag}\\\"\"},\n")
  set(contents "${contents}" PARENT_SCOPE)
  set(rows "${rows}" PARENT_SCOPE)
endfunction()

embed(/ index.html "text/html; charset=utf-8")
embed(/page.css page.css "text/css; charset=utf-8")
file(GLOB modules RELATIVE ${FOLDER} ${FOLDER}/*.js)
foreach(module ${modules})
  embed(/${module} ${module} "text/javascript; charset=utf-8")
endforeach()
embed(/icon.svg icon.svg "image/svg+xml")

file(WRITE ${OUTPUT} "#include \"page_files.hpp\"

namespace spheregate::ops {
namespace {

${contents}
constexpr PageFile kFiles[] = {
${rows}};

}  // namespace

const PageFile* pageFile(std::string_view path) {
  for (const PageFile& file : kFiles) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace spheregate::ops
")
