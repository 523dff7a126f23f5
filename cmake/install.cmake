include(GNUInstallDirs)
if(TARGET spheregate)
  install(TARGETS spheregate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
