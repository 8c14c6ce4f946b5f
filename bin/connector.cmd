@echo off
rem Makes the environment when it is missing, then runs the command: bin\connector --help
setlocal
set "ROOT=%~dp0.."
set "PYTHON=%ROOT%\.venv\Scripts\python.exe"
set BASE=python
where py >nul 2>nul && set BASE=py -3
if exist "%PYTHON%" set BASE="%PYTHON%"
%BASE% -I "%~dp0environment.py"
if errorlevel 1 exit /b %ERRORLEVEL%
"%PYTHON%" -P -m connector %*
exit /b %ERRORLEVEL%
