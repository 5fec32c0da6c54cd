"""JupyterLab in a browser: what a person types, presses and reads."""

from urllib.parse import quote, urlsplit

from playwright.sync_api import Locator, Page

WAIT_SECONDS = 120


class LabPage:
    """One tab of JupyterLab, with a notebook in front."""

    def __init__(self, page: Page, url: str) -> None:
        self._page, self._url, self._visits = page, urlsplit(url), 0
        page.set_default_timeout(WAIT_SECONDS * 1000)

    def open(self, path: str) -> None:
        """Open the notebook at this path below the server's folder, and wait for its kernel."""
        self._visit(f"/tree/{quote(path)}")
        self.wait_for_kernel()

    def new_notebook(self, kernel: str) -> None:
        """Make a notebook by the launcher's card of a kernel, and wait for the kernel."""
        self._visit("")
        self._page.locator(f'.jp-LauncherCard[title="{kernel}"]').first.click()
        self._cells.first.wait_for()
        self.wait_for_kernel()

    def wait_for_kernel(self, status: str = "idle") -> None:
        """Wait until the kernel of the notebook in front is idle, or busy."""
        panel = self._page.locator(".jp-NotebookPanel:visible")
        # Until then a cell that is run asks for a kernel.
        panel.locator(".jp-KernelName").filter(has_not_text="No Kernel").wait_for()
        panel.locator(f".jp-Notebook-ExecutionIndicator[data-status={status}]").wait_for()

    def run_all(self) -> None:
        """Choose Run → Run All Cells."""
        self._menu("Run", "Run All Cells")

    def run(self, text: str) -> Locator:
        """Type the text into the last cell and press Shift and Enter; the cell's outputs."""
        number = self._cells.count() - 1
        self._cells.nth(number).click()
        self._page.keyboard.insert_text(text)
        self._page.keyboard.press("Shift+Enter")
        return self.outputs(number)

    def run_cell(self, number: int) -> Locator:
        """Run the code cell of this number, from 0; its outputs."""
        self._cells.nth(number).click()
        self._page.keyboard.press("Shift+Enter")
        return self.outputs(number)

    def outputs(self, number: int) -> Locator:
        """What the code cell of this number shows below it."""
        return self._cells.nth(number).locator(".jp-OutputArea-output")

    def interrupt(self) -> None:
        """Choose Kernel → Interrupt Kernel."""
        self._menu("Kernel", "Interrupt Kernel")

    def restart(self) -> None:
        """Choose Kernel → Restart Kernel…, confirm, and wait for the new one."""
        self._menu("Kernel", "Restart Kernel…")
        self._page.get_by_role("button", name="Confirm Kernel Restart").click()
        self._page.locator(".jp-Dialog").wait_for(state="detached")
        self.wait_for_kernel()

    def _visit(self, place: str) -> None:
        # In a workspace of its own: JupyterLab would open what the last page had open, too.
        self._visits += 1
        path = f"/lab/workspaces/visit-{self._visits}{place}"
        self._page.goto(self._url._replace(path=path).geturl())

    @property
    def _cells(self) -> Locator:
        return self._page.locator(".jp-NotebookPanel:visible .jp-CodeCell")

    def _menu(self, name: str, entry: str) -> None:
        self._page.get_by_role("menuitem", name=name, exact=True).click()
        self._page.locator(".lm-Menu-itemLabel", has_text=entry).first.click()
