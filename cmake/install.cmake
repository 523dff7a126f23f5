include(GNUInstallDirs)
# The Debian packages take the components apart; everything that is not a tool is what `cmake --install` puts in place for a gateway.
install(TARGETS spheregate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
foreach(tool spheregate-hubsim spheregate-testpki spheregate-load)
  if(TARGET ${tool})
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools EXCLUDE_FROM_ALL)
  endif()
endforeach()
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
install(FILES docs/admin-api.md docs/architecture.md docs/configuration.md docs/custody.md docs/migrate-from-iot-edge.md docs/monitoring.md docs/operations.md
  docs/security.md docs/status-page.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
install(DIRECTORY docs/images docs/schemas DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)
install(FILES config/prometheus/alerts.yml config/prometheus/dashboard.json DESTINATION ${CMAKE_INSTALL_DATADIR}/spheregate COMPONENT documents)
# An example, because nothing here may overwrite what is in /etc.
install(FILES config/spheregate.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT documents)
install(FILES packaging/man/spheregate.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT documents)
install(FILES packaging/completion/spheregate DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT documents)

# The units name files by their full path, which depends on the prefix, and that may be chosen as late as `cmake --install`.
# systemd reads lib/systemd/system under /usr and under /usr/local.
file(GLOB units CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/systemd/*.service ${CMAKE_SOURCE_DIR}/systemd/*.socket)
install(CODE "set(units \"${units}\")
set(made \"${CMAKE_BINARY_DIR}/units\")" COMPONENT units)
install(CODE [[
foreach(unit ${units})
  get_filename_component(name "${unit}" NAME)
  file(READ "${unit}" text)
  string(REPLACE "/usr/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
  file(WRITE "${made}/${name}" "${text}")
  file(INSTALL "${made}/${name}" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system")
endforeach()
]] COMPONENT units)
