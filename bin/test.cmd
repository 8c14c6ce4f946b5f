@echo off
rem Makes the environment with the tests' packages when it is missing, then checks everything: bin\test --slow
setlocal
set "ROOT=%~dp0.."
set "PYTHON=%ROOT%\.venv\Scripts\python.exe"
set BASE=python
where py >nul 2>nul && set BASE=py -3
if exist "%PYTHON%" set BASE="%PYTHON%"
%BASE% -I "%~dp0environment.py" dev
if errorlevel 1 exit /b %ERRORLEVEL%
cd /d "%ROOT%"
"%PYTHON%" -P "%ROOT%\bin\checks.py" %*
exit /b %ERRORLEVEL%
