include(GNUInstallDirs)
install(TARGETS spheregate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES docs/admin-api.md docs/architecture.md docs/configuration.md docs/custody.md docs/operations.md docs/security.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/schemas DESTINATION ${CMAKE_INSTALL_DOCDIR})
# An example, because nothing here may overwrite what is in /etc.
install(FILES config/spheregate.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The unit names files by their full path, which depends on the prefix, and that may be chosen as late as `cmake --install`.
# systemd reads lib/systemd/system under /usr and under /usr/local.
install(CODE "set(unit \"${CMAKE_SOURCE_DIR}/systemd/spheregate.service\")
set(made \"${CMAKE_BINARY_DIR}/spheregate.service\")")
install(CODE [[
file(READ "${unit}" text)
string(REPLACE "/usr/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
file(WRITE "${made}" "${text}")
file(INSTALL "${made}" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
]])
